/* Preloaded where there are too few huge pages: lets libveo's segments be of ordinary ones. */
#define _GNU_SOURCE
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

int shmget(key_t key, size_t size, int flags)
{
	return (int)syscall(SYS_shmget, key, size, flags & ~SHM_HUGETLB);
}
