/* Kernels that call what the VE side offers them: libveohmem.so. */
#include <stdint.h>

#include <veo_ve.h>

uint64_t sum_hmem(void *address, uint64_t count)
{
	const uint64_t *words = veo_get_hmem_addr(address);
	uint64_t total = 0;

	for (uint64_t i = 0; i < count; i++)
		total += words[i];
	return total;
}

uint64_t previous(uint64_t offset)
{
	uint64_t result = 0xdead;

	if (veo_prev_req_result((int)offset, &result) != 0)
		return ~UINT64_C(0);
	return result;
}

uint64_t previous_by_name(uint64_t offset)
{
	return previous(offset);
}

uint64_t is_ve_addr(const void *address)
{
	return (uint64_t)veo_is_ve_addr(address);
}

uint64_t process_of(const void *address)
{
	return (uint64_t)(int64_t)veo_get_proc_identifier_from_hmem(address);
}

/* Asks, and then uses the address as it came: no processor but the VE's may take that. */
uint64_t ask_and_use(const uint64_t *address)
{
	return veo_is_ve_addr(address) ? *address : 0;
}

static uint64_t unnamed(const void *address)
{
	return is_ve_addr(address);
}

/* A function that cannot be looked up. */
uint64_t pick(void)
{
	return (uint64_t)&unnamed;
}
