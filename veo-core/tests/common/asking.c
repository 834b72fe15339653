/* Kernels that ask addresses for the tags of their processes. */
#include <stdint.h>

int veo_is_ve_addr(const void *);
void *veo_get_hmem_addr(void *);
int veo_get_proc_identifier_from_hmem(const void *);

int64_t has_tag(const int64_t *address)
{
	return veo_is_ve_addr(address);
}

int64_t tag_of(const int64_t *address)
{
	return veo_get_proc_identifier_from_hmem(address);
}

int64_t first_behind_tag(int64_t *address, const int64_t *beside)
{
	int64_t *plain = veo_get_hmem_addr(address);

	return plain[0] + *beside;
}

int64_t first_with_tag(const int64_t *address)
{
	return veo_is_ve_addr(address) ? address[0] : -1;
}

int64_t has_tag_untyped(const void *address)
{
	return veo_is_ve_addr(address);
}

int64_t first_untyped(void *address)
{
	return *(int64_t *)veo_get_hmem_addr(address);
}
