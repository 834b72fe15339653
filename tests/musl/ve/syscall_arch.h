/* System calls: their words go to the block that the thread's control block points to, then monc. */
#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

static inline long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
	long result;
	__asm__ volatile(
		"ld %%s61, 24(, %%s14)\n"
		"shm.l %1, (%%s61)\n"
		"shm.l %2, 8(%%s61)\n"
		"shm.l %3, 16(%%s61)\n"
		"shm.l %4, 24(%%s61)\n"
		"shm.l %5, 32(%%s61)\n"
		"shm.l %6, 40(%%s61)\n"
		"shm.l %7, 48(%%s61)\n"
		"monc\n"
		"or %0, 0, %%s0"
		: "=r"(result)
		: "r"(n), "r"(a), "r"(b), "r"(c), "r"(d), "r"(e), "r"(f)
		: "s0", "s61", "memory");
	return result;
}

static inline long __syscall0(long n) { return __syscall6(n, 0, 0, 0, 0, 0, 0); }
static inline long __syscall1(long n, long a) { return __syscall6(n, a, 0, 0, 0, 0, 0); }
static inline long __syscall2(long n, long a, long b) { return __syscall6(n, a, b, 0, 0, 0, 0); }
static inline long __syscall3(long n, long a, long b, long c) { return __syscall6(n, a, b, c, 0, 0, 0); }
static inline long __syscall4(long n, long a, long b, long c, long d) { return __syscall6(n, a, b, c, d, 0, 0); }
static inline long __syscall5(long n, long a, long b, long c, long d, long e) { return __syscall6(n, a, b, c, d, e, 0); }
