/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * libveohmem.so: the library that kernels link against. The emulated VE process loads it first
 * and sets the function behind veo_prev_req_result. The build script defines the bits of hmem
 * addresses, VE_ADDRESS, IDENT_SHIFT and MAX_IDENT, as veo-abi has them.
 */
#include "veo_ve.h"

int (*veohmem_prev_req_result)(int offset, uint64_t *result);

int veo_prev_req_result(int offset, uint64_t *result)
{
	return veohmem_prev_req_result ? veohmem_prev_req_result(offset, result) : -1;
}

/* gcc's UndefinedBehaviorSanitizer calls this before its first report, and would undo what the
 * VE process has set. Its own function is behind this one. */
void __sanitizer_set_report_path(const char *path)
{
	(void)path;
}

int veo_is_ve_addr(const void *addr)
{
	return ((uint64_t)addr & VE_ADDRESS) != 0;
}

void *veo_get_hmem_addr(void *addr)
{
	if (!veo_is_ve_addr(addr))
		return addr;
	return (void *)((uint64_t)addr & ((1UL << IDENT_SHIFT) - 1));
}

int veo_get_max_proc_identifier(void)
{
	return MAX_IDENT;
}

int veo_get_proc_identifier_from_hmem(const void *addr)
{
	if (!veo_is_ve_addr(addr))
		return -1;
	return (int)((uint64_t)addr >> IDENT_SHIFT & (MAX_IDENT - 1));
}
