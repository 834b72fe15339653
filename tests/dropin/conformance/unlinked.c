/* A kernel that asks for tags, by a library that is not linked with the VE side: it looks the
 * function up when it runs (LOOK_UP), or uses one of libveside.so, which was loaded before. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#ifdef LOOK_UP
uint64_t unlinked(const void *address)
{
	int (*ask)(const void *) = (int (*)(const void *))dlsym(RTLD_DEFAULT, "veo_is_ve_addr");

	return ask ? (uint64_t)ask(address) : 2;
}
#else
uint64_t is_ve_addr(const void *address);

uint64_t unlinked(const void *address)
{
	return is_ve_addr(address);
}
#endif
