/* The functions that dependent.c needs. */
#include <stdint.h>

uint64_t provided(void)
{
	return 1233;
}
