/* The functions that VEDA's device library wants of the C++ library and of the runtime for exceptions of NEC's compiler, as far as its functions for
   memory need it. */
typedef unsigned long size;
extern int pthread_mutex_lock(void *), pthread_mutex_unlock(void *);
_Thread_local long __eh_curr_region, __catch_clause_number, __curr_eh_stack_entry, __exception_caught,
    __suppress_optim_on_vars_in_try;

void _ZNSt3__15mutex4lockEv(void *mutex) { pthread_mutex_lock(mutex); }
void _ZNSt3__15mutex6unlockEv(void *mutex) { pthread_mutex_unlock(mutex); }

/* The least prime number that is not below n: that many buckets a table gets. */
size _ZNSt3__112__next_primeEm(size n)
{
    for (;; n++) {
        size divisor = 2;
        while (divisor * divisor <= n && n % divisor)
            divisor++;
        if (n > 1 && divisor * divisor > n)
            return n;
    }
}
