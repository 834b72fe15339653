typedef unsigned long size_t; typedef struct file FILE;
int printf(const char *, ...), snprintf(char *, size_t, const char *, ...), fputs(const char *, FILE *), fclose(FILE *), atexit(void (*)(void)), pthread_create(unsigned long *, void *, void *, void *), pthread_join(unsigned long, void *), pthread_mutex_lock(void *), pthread_mutex_unlock(void *);
void *malloc(size_t), *realloc(void *, size_t), free(void *), *memcpy(void *, const void *, size_t), *memset(void *, int, size_t), *bsearch(const void *, const void *, size_t, size_t, void *), qsort(void *, size_t, size_t, void *);
char *strcpy(char *, const char *), *strtok(char *, const char *), *getenv(const char *), *setlocale(int, const char *), *asctime(const void *);
size_t strlen(const char *); long mktime(void *), strtol(const char *, char **, int), lseek(int, long, int), read(int, void *, size_t), syscall(long, ...); void *localtime(const long *);
extern char **environ;

/* Each function does what none should; `wild.rs` says how that ends. */

/* Memory accesses of machine code itself. */
static long data[300] = { 1, 2, 3 };
static const long fixed[4] = { 5, 6 };
__attribute__((noinline)) long code(long n) { return n + 1; }
typedef long function(void);
long jump_into_data(void) { return ((function *)data)(); }
long jump_to_odd(void) { return ((function *)((char *)code + 4))(); }
long jump_to_host(void) { return ((function *)0x7f0000001000)(); }
long jump_to_stack(void) { volatile long here[4] = { 0 }; return ((function *)here)() + here[1]; }
long write_code(void) { *(volatile long *)code = 0; return code(1); }
long write_constant(void) { *(volatile long *)fixed = 1; return fixed[0]; }
long read_null(void) { return *(volatile long *)0; }
long read_top(void) { return *(volatile long *)-8l; }
long read_across(void) { return *(volatile long *)-4l; }
long write_top(void) { *(volatile char *)-1l = 1; return 0; }
long read_host(void) { long here; return *(volatile long *)((long)&here ^ 1l << 46); }
long read_tagged(void) { return *(volatile long *)((long)data | 1l << 63); }
#define VECTOR(vl, what, ...) asm volatile("lvl %0\n " what : : "r"((long)vl), __VA_ARGS__ : "memory")
long vector_wraps(void) { VECTOR(256, "vld %%v0, 8, %1", "r"(-64l)); return 0; }
long vector_long(void) { VECTOR(257, "vld %%v0, 8, %1", "r"(data)); return 0; }
long vector_endless(void) { VECTOR(-1, "vld %%v0, 8, %1", "r"(data)); return 0; }
long vector_misaligned(void) { VECTOR(4, "vld %%v0, 8, %1", "r"((char *)data + 4)); return 0; }
long vector_stride(void) { VECTOR(256, "vst %%v0, %2, %1", "r"(data), "r"(1l << 40)); return 0; }
long vector_odd_stride(void) { VECTOR(4, "vld %%v0, %2, %1", "r"(data), "r"(12l)); return 0; }
long vector_scatter(void) { VECTOR(8, "vbrd %%v1, %1\n vsc %%v0, %%v1, 0, 0", "r"(64l)); return 0; }
long vector_code(void) { VECTOR(8, "vst %%v0, 8, %1", "r"(code)); return 0; }
long vector_none(void) { VECTOR(0, "vst %%v0, 8, %1", "r"(8l)); return 7; }
long atomic_code(void) { return __atomic_fetch_add((long *)code, 1, 5); }
/* Registers that a kernel has to keep. */
long without_stack(void) { asm volatile("or %%s11, 0, (0)1" : : : "memory"); return code(1) + printf("%d", 1); }
long with_wild_stack(void) { asm volatile("or %%s11, 0, %0\n st %%s0, -8(, %%s11)" : : "r"(1l << 50) : "memory"); return 0; }
__attribute__((noinline)) static long deep(volatile long *n) { volatile long room[1000]; room[0] = *n; return deep(n) + room[0]; }
long without_limit(void) { asm volatile("or %%s8, 0, (0)1" : : : "memory"); return deep(data); }
long with_high_limit(void) { asm volatile("or %%s8, 0, (0)0" : : : "memory"); return code(2); }
static __thread long own = 5;
long without_thread(void) { asm volatile("or %%s14, 0, (0)1" : : : "memory"); return own; }
long host_without_thread(void) { asm volatile("or %%s14, 0, (0)1" : : : "memory"); return strlen("abc"); }
long without_frame(void) { asm volatile("or %%s9, 0, (0)1" : : : "memory"); return 3; }
long huge_alloca(long n) { volatile char *p = __builtin_alloca(n); p[0] = 1; return p[0]; }
/* Functions of the C library. */
long percent_n(void) { return printf("%n", (int *)16); }
long percent_n_code(void) { return printf("%d%n", 1, (int *)code); }
long percent_s(void) { return printf("%s", (char *)24); }
long too_few(void) { return printf("%s %s %s %s %s %s %s %s %s %s %s %s\n", "a"); }
long text_without_end(void) { size_t room = 1 << 20; char *p = malloc(room); memset(p, 'x', room); return strlen(p) >= room; }
long copy_to_constant(void) { strcpy((char *)fixed, "a longer text"); return fixed[0]; }
long copy_much(void) { memcpy(data, fixed, -1ul); return 0; }
long copy_backwards(void) { memcpy(data, data + 1, 1ul << 40); return 0; }
long set_code(void) { memset((void *)code, 0, 8); return code(1); }
long free_wild(void) { free((void *)40); return 0; }
long free_stack(void) { long here; free(&here); return 0; }
long free_inside(void) { char *p = malloc(100); free(p + 16); return 0; }
long free_twice(void) { char *p = malloc(100); free(p); free(p); return 0; }
long realloc_freed(void) { char *p = malloc(100); free(p); return (long)realloc(p, 200); }
long after_free(void) { char *p = malloc(1 << 20); free(p); return strlen(p) == 0; }
long no_stream(void) { return fputs("x", 0); }
long wild_stream(void) { return fputs("x", (FILE *)data); }
long closed_stream(void) { extern FILE *stdout; fclose(stdout); return fputs("x", stdout); }
long sort_nothing(void) { qsort(0, 5, 8, (void *)8); return 0; }
long sort_empty(void) { qsort(0, 0, 0, 0); return 4; }
long sort_zero_size(void) { qsort(data, 5, 0, (void *)code); return 4; }
long thread_wild(void) { unsigned long t; pthread_create(&t, 0, (void *)8, 0); return pthread_join(t, 0); }
long thread_nowhere(void) { return pthread_create((void *)8, 0, (void *)code, 0); }
long join_nobody(void) { return pthread_join(12345, 0); }
long lock_code(void) { return pthread_mutex_lock((void *)code); }
long unlock_wild(void) { return pthread_mutex_unlock((void *)8); }
long atexit_wild(void) { return atexit((void (*)(void))24); }
long token_of_nothing(void) { return strtok(0, ",") == 0; }
long environment_of_nothing(void) { return getenv(0) != 0; }
long environment_wild(void) { environ = (char **)8; return getenv("A") != 0; }
long month_large(void) { int t[14] = { 2147483647, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647 }; return mktime(t); }
long date_large(void) { long t = 1l << 62; return localtime(&t) == 0; }
long base_large(void) { return strtol("zz", 0, 99); }
long no_file(void) { return lseek(99999, 0, 0); }
long no_call(void) { return syscall(99999, 1, 2, 3); }
