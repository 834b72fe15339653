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

/* This gets a pointer without a tag. */
uint64_t first_word(const uint64_t *address)
{
	return *address;
}
