/* Atomic operations, by those of the compiler. */
#define a_cas a_cas
static inline int a_cas(volatile int *at, int old, int new)
{
	return __sync_val_compare_and_swap(at, old, new);
}

#define a_cas_p a_cas_p
static inline void *a_cas_p(volatile void *at, void *old, void *new)
{
	return (void *)__sync_val_compare_and_swap((volatile long *)at, (long)old, (long)new);
}

#define a_barrier a_barrier
static inline void a_barrier(void) { __sync_synchronize(); }

#define a_crash a_crash
static inline void a_crash(void) { __builtin_trap(); }
