typedef unsigned long size_t; typedef struct file FILE;
typedef struct { unsigned long opaque[6]; size_t groups, rest; } regex_t;
typedef struct { int from, to; } regmatch_t;
typedef struct { size_t count; char **list; size_t before, rest[6]; } glob_t;
typedef unsigned long jmp_buf[64];
struct action { void (*handler)(int); unsigned long mask[16]; int flags; void *restorer; };
int regcomp(regex_t *, const char *, int), regexec(const regex_t *, const char *, size_t, regmatch_t *, int), fnmatch(const char *, const char *, int), glob(const char *, int, void *, glob_t *), nftw(const char *, void *, int, int);
void regfree(regex_t *), globfree(glob_t *), *memset(void *, int, size_t), *malloc(size_t), free(void *), exit(int) __attribute__((noreturn)), _exit(int) __attribute__((noreturn)), quick_exit(int) __attribute__((noreturn)), abort(void) __attribute__((noreturn)), qsort(void *, size_t, size_t, void *);
int setjmp(jmp_buf) __attribute__((returns_twice)), __sigsetjmp(jmp_buf, int) __attribute__((returns_twice));
void longjmp(jmp_buf, int) __attribute__((noreturn)), siglongjmp(jmp_buf, int) __attribute__((noreturn));
int raise(int), sigaction(int, void *, void *), sigwait(void *, int *), sigsuspend(void *), pause(void), sigprocmask(int, void *, void *);
void *signal(int, void *);
int pthread_create(unsigned long *, void *, void *, void *), pthread_join(unsigned long, void *);
void pthread_exit(void *) __attribute__((noreturn));
int printf(const char *, ...), snprintf(char *, size_t, const char *, ...), fprintf(FILE *, const char *, ...), fclose(FILE *), fflush(FILE *), fputs(const char *, FILE *), puts(const char *), atexit(void *), at_quick_exit(void *);
FILE *open_memstream(char **, size_t *), *fmemopen(void *, size_t, const char *);
extern FILE *stdout;
void *mmap(void *, size_t, int, int, int, long), *mremap(void *, size_t, size_t, int, ...);
int munmap(void *, size_t), open(const char *, int, ...), close(int), pipe(int *), dup2(int, int), poll(void *, size_t, int), select(int, void *, void *, void *, void *), scandir(const char *, void *, void *, void *), alphasort(void *, void *), mkstemp(char *), ftruncate(int, long), unlink(const char *);
long write(int, const void *, size_t), read(int, void *, size_t);

/* Each function does what none should; `wrong.rs` says how that ends. */
static regex_t r; static regmatch_t m[4]; static jmp_buf back; static glob_t g;
long regexec_wild(void) { return regexec((void *)64, "a", 0, 0, 0); }
long regexec_zeros(void) { return regexec(&r, "a", 0, 0, 0); }
long regfree_twice(void) { regcomp(&r, "a", 0); regfree(&r); regfree(&r); return 0; }
long regcomp_wild(void) { return regcomp(&r, (void *)8, 0); }
long regcomp_to_wild(void) { return regcomp((void *)8, "a", 0); }
long regcomp_deep(void) { char *t = malloc(100001); memset(t, '(', 100000); t[100000] = 0; return regcomp(&r, t, 1); }
long regcomp_large(void) { return regcomp(&r, "((a{1,200}){1,200}){1,200}", 1); }
long regcomp_plus(void) { return regcomp(&r, "((((((((((((((((((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+", 1); }
long regexec_long(void) { static char t[400]; memset(t, 'a', 399); regcomp(&r, "^(a*)(a*)(a*)(a*)(a*)(a*)\\1\\2\\3\\4\\5\\6b$", 1); return regexec(&r, t, 4, m, 0); }
long regexec_many(void) { regcomp(&r, "a", 0); return regexec(&r, "a", -1ul >> 4, m, 0); }
long regexec_range(void) { regcomp(&r, "a", 0); m[0].from = 5; m[0].to = 0x7fffffff; return regexec(&r, "a", 1, m, 4); }
long fnmatch_wild(void) { return fnmatch("*", (void *)-8l, 0); }
long fnmatch_long(void) { char *t = malloc(100001); memset(t, 'a', 100000); t[100000] = 0; return fnmatch("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", t, 0); }
long glob_wild(void) { return glob("/*", 0, 0, (void *)16); }
long globfree_wild(void) { g.count = 1000; g.list = (void *)24; globfree(&g); return 0; }
long globfree_far(void) { g.count = 1; g.before = 1ul << 61; g.list = (void *)24; globfree(&g); return 0; }
long nftw_wild(void) { return nftw("/usr", (void *)8, 5, 1); }
static int leaves(void) { longjmp(back, 7); }
long nftw_leave(void) { for (int i = 0; i < 50; i++) if (!setjmp(back)) nftw("/usr", leaves, 5, 1); return 5; }
long qsort_leave(void) { int a[9] = { 3, 1, 2 }; for (int i = 0; i < 50; i++) if (!setjmp(back)) qsort(a, 9, 4, leaves); return 5; }
__attribute__((noinline)) static int deep(volatile int *n) { volatile char room[1000]; room[0] = *n; return deep(n) + room[0]; }
static int compares(int *a, int *b) { return deep(a); }
long qsort_deep(void) { int a[9] = { 3, 1, 2 }; qsort(a, 9, 4, compares); return 0; }
static int raises(void) { raise(10); return 0; }
long qsort_raise(void) { int a[9] = { 3, 1, 2 }; signal(10, leaves); if (!setjmp(back)) qsort(a, 9, 4, raises); return 5; }
static int sorts_again(void) { int a[3] = { 2, 1, 0 }; qsort(a, 3, 4, sorts_again); return 0; }
long qsort_nested(void) { return sorts_again(); }
static int exits(void) { exit(9); }
long qsort_exit(void) { int a[3] = { 2, 1, 0 }; qsort(a, 3, 4, exits); return 0; }
static void thread_out(void) { pthread_exit((void *)3); }
static void *raises_in_thread(void *unused) { raise(10); return 0; }
long handler_ends_thread(void) { unsigned long t, v = 0; signal(10, thread_out); pthread_create(&t, 0, raises_in_thread, 0); pthread_join(t, &v); return v; }
long handler_exits(void) { unsigned long t; signal(10, exits); pthread_create(&t, 0, raises_in_thread, 0); pthread_join(t, 0); return 1; }
static void again(int n) { raise(n); }
long handler_again(void) { struct action a = { again }; a.flags = 0x40000000; sigaction(10, &a, 0); return raise(10); }
long handler_wild(void) { signal(10, (void *)2); return raise(10); }
long handler_freed(void) { struct action a = { again }; return sigaction(10, (void *)-4l, 0); }
static void returns(void) {}
long abort_handled(void) { signal(6, returns); abort(); }
static void *aborts(void *unused) { abort(); }
long abort_in_thread(void) { unsigned long t; pthread_create(&t, 0, aborts, 0); pthread_join(t, 0); return 0; }
static void *ends(void *unused) { _exit(11); }
long exit_in_thread(void) { unsigned long t; pthread_create(&t, 0, ends, 0); pthread_join(t, 0); return 0; }
long exit_in_exit(void) { atexit(exits); exit(4); }
static void quick(void) { quick_exit(6); }
long quick_in_quick(void) { at_quick_exit(quick); quick_exit(5); }
static void jumps(void) { siglongjmp(back, 1); }
long exit_jumps(void) { if (!__sigsetjmp(back, 1)) { atexit(jumps); exit(3); } return 0; }
long width(void) { char t[8]; return snprintf(t, 8, "%1000000000d", 1); }
long width_over(void) { char t[8]; return snprintf(t, 8, "%2147483647d%d", 1, 1); }
long width_huge(void) { char t[8]; return snprintf(t, 8, "%99999999999999999999d", 1); }
long precision(void) { char t[8]; return snprintf(t, 8, "%.*f", 2000000000, 1.0); }
long precision_star(void) { char t[8]; return snprintf(t, 8, "%*.*s", -2147483647 - 1, 0x7fffffff, "x"); }
long to_file(void) { FILE *f = fmemopen(0, 100, "w"); return fprintf(f, "%500000000d", 1); }
static char *t; static size_t n;
long memstream_freed(void) { FILE *f = open_memstream(&t, &n); fputs("abc", f); fflush(f); free(t); fputs("def", f); return fclose(f); }
long memstream_wild(void) { FILE *f = open_memstream(&t, &n); fputs("abc", f); t = (void *)32; return fflush(f); }
long memstream_nowhere(void) { return (long)open_memstream(0, 0); }
long fmemopen_wild(void) { FILE *f = fmemopen((void *)40, 100, "w"); fputs("abc", f); return fclose(f); }
long fmemopen_read_wild(void) { return (long)fmemopen((void *)40, 100, "r"); }
long fmemopen_huge(void) { return (long)fmemopen(0, 1ul << 62, "w+"); }
long fclose_twice(void) { FILE *f = fmemopen(0, 100, "w"); fclose(f); return fclose(f); }
long mmap_huge(void) { char name[] = "/tmp/ve-wrong-XXXXXX"; int f = mkstemp(name); unlink(name); return (long)mmap(0, 1ul << 50, 1, 1, f, 0); }
long munmap_then(void) { char *p = mmap(0, 65536, 3, 0x22, -1, 0); munmap(p, 65536); return *(volatile char *)p; }
long map_read_only(void) { int f = open("/etc/passwd", 0); char *p = mmap(0, 100, 1, 2, f, 0); *(volatile char *)p = 1; return 0; }
long map_beyond(void) { int f = open("/etc/passwd", 0); char *p = mmap(0, 1 << 24, 1, 2, f, 0); return ((volatile char *)p)[1 << 23]; }
long map_run(void) { int f = open("/etc/passwd", 0); long (*p)(void) = mmap(0, 1 << 16, 5, 2, f, 0); return p(); }
long mremap_huge(void) { char *p = mmap(0, 65536, 3, 0x22, -1, 0); return (long)mremap(p, 65536, 1ul << 60, 1); }
long poll_wild(void) { return poll((void *)8, 3, 0); }
long poll_many(void) { return poll(m, 1ul << 40, 0); }
long select_wild(void) { return select(64, (void *)8, 0, 0, 0); }
long select_many(void) { return select(1 << 30, m, 0, 0, 0); }
long dup_far(void) { return dup2(1, 1 << 30); }
long pipe_full(void) { int p[2]; pipe(p); static char much[100000]; for (;;) write(p[1], much, sizeof much); }
long read_own(void) { int p[2]; pipe(p); return read(p[0], m, 1); }
long wait_for_none(void) { static unsigned long set[16]; int k; return sigwait(set, &k); }
long suspend(void) { static unsigned long set[16]; return sigsuspend(set); }
long pauses(void) { return pause(); }
long polls(void) { return poll(0, 0, -1); }
static int frees(void **a, void **b) { free(*a); return 0; }
long scandir_frees(void) { void **list; int k = scandir("/usr", &list, 0, frees); return k > 1; }
long alphasort_wild(void) { return alphasort((void *)8, (void *)16); }
long no_stdout(void) { close(1); fclose(stdout); puts("nobody"); return printf("nothing"); }
