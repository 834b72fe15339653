/* The kernels of a static veorun image. */
#include <stdint.h>

uint64_t built_in(uint64_t value)
{
	return 2 * value + 1;
}

uint64_t provided(void)
{
	return 555;
}
