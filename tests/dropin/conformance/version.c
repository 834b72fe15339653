/* Version, architecture, and the constants of the header. */
#include "check.h"

_Static_assert(VEO_API_VERSION == 16 && VEO_SYMNAME_LEN_MAX == 255 && VEO_MAX_NUM_ARGS == 256, "");
_Static_assert(VEO_STATE_UNKNOWN == 0 && VEO_STATE_RUNNING == 1 && VEO_STATE_SYSCALL == 2, "");
_Static_assert(VEO_STATE_BLOCKED == 3 && VEO_STATE_EXIT == 4, "");
_Static_assert(VEO_COMMAND_OK == 0 && VEO_COMMAND_EXCEPTION == 1, "");
_Static_assert(VEO_COMMAND_ERROR == 2 && VEO_COMMAND_UNFINISHED == 3, "");
_Static_assert(VEO_QUEUE_READY == 0 && VEO_QUEUE_CLOSED == 1, "");
_Static_assert(VEO_INTENT_IN == 0 && VEO_INTENT_INOUT == 1 && VEO_INTENT_OUT == 2, "");
_Static_assert(VEO_REQUEST_ID_INVALID == UINT64_MAX, "");

int main(int argc, char **argv)
{
	start(argc, argv);
	CHECK_EQ(veo_api_version(), 16);
	NEED(veo_version_string() != NULL);
	CHECK(strlen(veo_version_string()) > 0);
	CHECK(veo_get_ve_arch(0) == 1 || veo_get_ve_arch(0) == 3);
	/* No node's number, and a node that is not there. */
	CHECK_EQ(veo_get_ve_arch(-7), 0);
	CHECK_EQ(veo_get_ve_arch(4711), -1);
	CHECK_EQ(setenv("VE_NODE_NUMBER", "2", 1), 0);
	CHECK_EQ(veo_get_ve_arch(-1), veo_get_ve_arch(2));
	CHECK_EQ(setenv("VE_NODE_NUMBER", "two", 1), 0);
	CHECK_EQ(veo_get_ve_arch(-1), 0);
	CHECK_EQ(unsetenv("VE_NODE_NUMBER"), 0);
	CHECK_EQ(setenv("_VENODELIST", "3 4", 1), 0);
	CHECK_EQ(veo_get_ve_arch(2), 0);
	CHECK_EQ(veo_get_ve_arch(1), veo_get_ve_arch(-1));
	return finish();
}
