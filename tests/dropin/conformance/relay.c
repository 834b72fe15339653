/* Kernels of a library that asks addresses nothing itself: one that it needs does, which
 * is libveside.so.
 */
#include <stdint.h>

uint64_t is_ve_addr(const void *address);
uint64_t sum_hmem(void *address, uint64_t count);

uint64_t relayed_is_ve_addr(const void *address)
{
	return is_ve_addr(address);
}

uint64_t relayed_sum(void *address, uint64_t count)
{
	return sum_hmem(address, count);
}
