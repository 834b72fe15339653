#include "libc.h"

void *mmap(void *, size_t, int, int, int, long), *mremap(void *, size_t, size_t, int, ...);
int munmap(void *, size_t), mprotect(void *, size_t, int), msync(void *, size_t, int), madvise(void *, size_t, int), mkstemp(char *), close(int), unlink(const char *), ftruncate(int, long), open(const char *, int, ...);
long pread(int, void *, size_t, long), pwrite(int, const void *, size_t, long);
#define PAGE 65536L

static void run(void)
{
    char name[] = "/tmp/ve-isa-host-XXXXXX", text[40] = "";
    int file = mkstemp(name), reads = open(name, 0);
    ftruncate(file, 3 * PAGE);
    for (long at = 0; at < 3 * PAGE; at += 8) pwrite(file, &at, 8, at);
    char *shared = mmap(0, 2 * PAGE, 3, 1, file, PAGE), *own = mmap(0, 3 * PAGE, 3, 2, file, 0), *seen = mmap(0, 100, 1, 1, reads, 0);
    out("%ld %ld %ld ", *(long *)shared, *(long *)(own + 800), *(long *)(seen + 8));
    strcpy(shared + 16, "shared"); strcpy(own + 32, "own");
    pread(file, text, 7, PAGE + 16);
    out("%s %s %ld ", text, own + PAGE + 16, *(long *)(seen + 32));
    pwrite(file, "written", 8, 64);
    out("%s ", seen + 64);
    out("%d %d ", msync(shared, 2 * PAGE, 4), msync(shared + PAGE, PAGE, 1)); errno = 0; out("%d ", msync(shared, PAGE, 5)); out("%d ", errno);
    /* Another thread of the same program sees it at once, and so does the other mapping. */
    char *twin = mmap(0, PAGE, 3, 1, file, PAGE);
    __atomic_fetch_add((long *)twin, 5, __ATOMIC_SEQ_CST);
    out("%ld ", *(long *)shared); out("%d ", munmap(twin, PAGE));
    /* It outlives its number. */
    close(file);
    shared[0] = 77;
    pread(reads, text, 1, PAGE);
    out("%d ", text[0]);
    errno = 0;
    out("%d ", mmap(0, PAGE, 3, 1, reads, 0) == (void *)-1); out("%d ", errno);
    char *copy = mmap(0, PAGE, 3, 2, reads, 0);
    copy[0] = 5;
    out("%d ", copy[0]);
    errno = 0;
    out("%d ", mmap(0, PAGE, 3, 1, 999, 0) == (void *)-1); out("%d ", errno); errno = 0; out("%d ", mmap(0, PAGE, 1, 1, reads, 7) == (void *)-1); out("%d ", errno); errno = 0; out("%d ", mmap(0, PAGE, 1, 0, reads, 0) == (void *)-1); out("%d\n", errno);
    file = open(name, 2);
    ftruncate(file, 8 * PAGE);
    shared = mremap(shared, 2 * PAGE, 7 * PAGE, 1);
    shared[6 * PAGE] = 9;
    pread(file, text, 1, 7 * PAGE);
    out("%d %d %s ", text[0], shared[0], shared + 16);
    char *plain = mmap(0, PAGE, 3, 0x22, -1, 0);
    strcpy(plain + 100, "moved");
    plain = mremap(plain, PAGE, 20 * PAGE, 1);
    plain[20 * PAGE - 1] = 1;
    out("%s %d ", plain + 100, plain[10 * PAGE]);
    plain = mremap(plain, 20 * PAGE, PAGE, 1);
    out("%s ", plain + 100);
    errno = 0;
    out("%d ", mremap(plain, PAGE, 0, 1) == (void *)-1); out("%d ", errno);
    out("%d %d ", madvise(plain, PAGE, 3), mprotect(own, PAGE, 1)); out("%d ", own[33]);
    out("%d %d %d %d ", munmap(plain, PAGE), munmap(own, 3 * PAGE), munmap(shared, 7 * PAGE), munmap(seen, 100));
    out("%d %d\n", munmap(copy, PAGE), unlink(name));
    close(file); close(reads);
}
