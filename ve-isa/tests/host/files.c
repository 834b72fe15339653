#include "libc.h"

typedef struct dir DIR;
struct dirent { unsigned long number; long offset; unsigned short length; unsigned char kind; char name[256]; };
struct stat { unsigned long dev, ino, nlink; unsigned mode, uid, gid, unused; unsigned long rdev; long size, blksize, blocks, times[6], reserved[3]; };
struct flock { short type, whence; long start, length; int process; };
struct passwd { char *name, *password; unsigned uid, gid; char *gecos, *home, *shell; };
struct group { char *name, *password; unsigned gid; char **members; };
struct statvfs { unsigned long words[14]; };
struct pollfd { int fd; short events, revents; };
int open(const char *, int, ...), close(int), dup(int), fcntl(int, int, ...), flock(int, int), lockf(int, int, long), mkstemp(char *), mkostemp(char *, int), mkstemps(char *, int), unlink(const char *), ftruncate(int, long), fileno(FILE *);
int openat(int, const char *, int, ...), fstatat(int, const char *, struct stat *, int), mkdirat(int, const char *, unsigned), unlinkat(int, const char *, int), renameat(int, const char *, int, const char *), linkat(int, const char *, int, const char *, int), symlinkat(const char *, int, const char *), faccessat(int, const char *, int, int), fchmodat(int, const char *, unsigned, int), mkfifoat(int, const char *, unsigned), rmdir(const char *);
long read(int, void *, size_t), write(int, const void *, size_t), lseek(int, long, int), readlinkat(int, const char *, char *, size_t);
void *mmap(void *, size_t, int, int, int, long), *mremap(void *, size_t, size_t, int, ...);
int munmap(void *, size_t), mprotect(void *, size_t, int);
FILE *fdopen(int, const char *);
char *mkdtemp(char *);
DIR *opendir(const char *), *fdopendir(int);
struct dirent *readdir(DIR *);
int closedir(DIR *), dirfd(DIR *), versionsort(const struct dirent **, const struct dirent **), scandir(const char *, struct dirent ***, int (*)(const struct dirent *), int (*)(const struct dirent **, const struct dirent **));
void rewinddir(DIR *), seekdir(DIR *, long);
long telldir(DIR *);
unsigned getuid(void), htonl(unsigned);
unsigned short ntohs(unsigned short);
struct passwd *getpwuid(unsigned), *getpwnam(const char *);
int getpwnam_r(const char *, struct passwd *, char *, size_t, struct passwd **), getgrgid_r(unsigned, struct group *, char *, size_t, struct group **), getgroups(int, unsigned *);
struct group *getgrgid(unsigned), *getgrnam(const char *);
int posix_fallocate(int, long, long), posix_fadvise(int, long, long, int), statvfs(const char *, struct statvfs *), fstatvfs(int, struct statvfs *), getrlimit(int, unsigned long *);
long pathconf(const char *, int), fpathconf(int, int), a64l(const char *), getrandom(void *, size_t, unsigned), sysconf(int);
size_t confstr(int, char *, size_t);
char *l64a(long), *nl_langinfo(int), *ctermid(char *), *ttyname(int);
int strverscmp(const char *, const char *), getsubopt(char **, char *const *, char **), getentropy(void *, size_t), clock_nanosleep(int, int, const long *, long *);
void insque(void *, void *), remque(void *), tdestroy(void *, void (*)(void *));
void *tsearch(const void *, void **, int (*)(const void *, const void *));
void *newlocale(int, const char *, void *), *uselocale(void *), *duplocale(void *);
void freelocale(void *);
double strtod_l(const char *, char **, void *);
int toupper_l(int, void *), strcoll_l(const char *, const char *, void *);
int ppoll(struct pollfd *, unsigned long, const long *, const void *), pselect(int, void *, void *, void *, const long *, const void *), pipe(int *);
int fork(void);

#define PAGE 65536L

static char text[300];

/* The lock on the first byte of a file, as seen by a holder of this number. This closes no number, so it drops no lock. */
static int held(int by)
{
    struct flock lock = { 1, 0, 0, 1, 0 };
    if (fcntl(by, 36, &lock) != 0) return -1;
    return lock.type;
}

static void locks(void)
{
    char name[] = "/tmp/ve-isa-host-XXXXXX";
    int file = mkstemp(name), watch = open(name, 2);
    ftruncate(file, 4 * PAGE);
    struct flock lock = { 1, 0, 0, 10, 0 };
    out("%d ", held(watch)); out("%d ", fcntl(file, 6, &lock)); out("%d ", held(watch));
    /* The memory of a file, and streams, are no reason for a lock to go. */
    char *map = mmap(0, PAGE, 3, 1, file, 0);
    out("%d ", held(watch));
    map = mremap(map, PAGE, 3 * PAGE, 1);
    out("%d ", held(watch)); out("%d ", munmap(map, 3 * PAGE)); out("%d ", held(watch));
    FILE *stream = fdopen(watch, "r+"), *other = fopen(name, "r");
    out("%d ", held(watch));
    out("%d ", fclose(other)); out("%d ", held(watch));
    lock.type = 1;
    out("%d ", fcntl(file, 7, &lock)); out("%d ", held(watch));
    int copy = dup(file);
    out("%d ", held(watch)); out("%d ", close(copy)); out("%d ", held(watch));
    /* The memory outlives the number, and the lock does not. */
    fcntl(file, 6, &lock);
    map = mmap(0, PAGE, 3, 1, file, 0);
    close(file);
    out("%d ", held(watch));
    file = open(name, 2);
    fcntl(file, 6, &lock);
    map[0] = 'm';
    munmap(map, PAGE);
    out("%d ", held(watch)); out("%ld ", read(file, text, 1)); out("%c ", text[0]);
    lock.type = 2;
    fcntl(file, 6, &lock);
    out("%d ", held(watch));
    /* Those of an open file. */
    lock.type = 1;
    out("%d ", fcntl(watch, 37, &lock));
    errno = 0;
    out("%d ", fcntl(file, 6, &lock)); out("%d ", errno == 11 || errno == 13);
    lock.type = 2;
    out("%d\n", fcntl(watch, 37, &lock));
    lseek(file, 0, 0);
    out("%d ", lockf(file, 1, 5)); out("%d ", held(watch)); out("%d ", lockf(file, 3, 5)); out("%d ", lockf(file, 0, 0)); out("%d ", held(watch)); out("%d ", lockf(file, 2, 0)); errno = 0; out("%d ", lockf(file, 9, 0)); out("%d ", errno); lockf(file, 0, 0);
    out("%d ", flock(file, 2)); errno = 0; out("%d ", flock(watch, 2 | 4)); out("%d ", errno); out("%d ", flock(file, 8)); out("%d ", flock(watch, 1 | 4)); out("%d ", flock(file, 1)); errno = 0; out("%d ", flock(file, 77)); out("%d ", errno); errno = 0; out("%d ", flock(999, 2)); out("%d\n", errno);
    fclose(stream);
    close(file);
    unlink(name);
}

static void modes(void)
{
    char name[] = "/tmp/ve-isa-host-XXXXXX";
    int file = mkstemp(name);
    write(file, "0123456789", 10);
    const char *all[] = { "r", "r+", "rb", "a", "a+", "ab", "w+x", "wx", "q", "", "rw", "r+b", "+r", "a+x" };
    for (int i = 0; i < 14; i++) {
        errno = 0;
        FILE *stream = fopen(name, all[i]);
        out("%s: %d %d ", all[i], stream != 0, errno);
        if (stream) {
            out("%ld ", ftell(stream)); out("%d ", fgetc(stream)); clearerr(stream); fseek(stream, 0, 2); out("%d ", fputc('x', stream)); out("%ld ", ftell(stream));
            fclose(stream);
        }
    }
    out("\n");
    const int flags[] = { 0, 1, 2, 02001 };
    const char *modes[] = { "r", "w", "r+", "a", "a+", "z" };
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 6; j++) {
            int again = open(name, flags[i]);
            lseek(again, 3, 0);
            errno = 0;
            FILE *stream = fdopen(again, modes[j]);
            out("%o %s %d %d ", flags[i], modes[j], stream != 0, errno);
            if (stream) { out("%ld %o ", ftell(stream), fcntl(again, 3) & 02003); fclose(stream); }
            else close(again);
        }
    out("\n");
    close(file);
    unlink(name);
}

static int in_order(const void *a, const void *b) { return strcmp(a, b); }
static int not_hidden(const struct dirent *entry) { return entry->name[0] != '.'; }
static void beneath(void)
{
    char name[] = "/tmp/ve-isa-host-XXXXXX", path[100];
    struct stat s;
    mkdtemp(name);
    int directory = open(name, 0200000);
    out("%d ", mkdirat(directory, "sub", 0755));
    int file = openat(directory, "sub/a10", 0102, 0640);
    out("%d ", file - directory); out("%ld ", write(file, "ten", 3)); out("%d ", close(file));
    out("%d ", fstatat(directory, "sub/a10", &s, 0)); out("%ld %o ", s.size, s.mode);
    out("%d ", linkat(directory, "sub/a10", directory, "sub/a9", 0)); out("%d ", symlinkat("a9", directory, "sub/link")); memset(path, 0, sizeof path); out("%ld %s ", readlinkat(directory, "sub/link", path, sizeof path), path);
    out("%d ", fstatat(directory, "sub/link", &s, 0x100)); out("%o ", s.mode & 0170000); out("%d ", fstatat(directory, "sub/link", &s, 0)); out("%lu %o ", s.nlink, s.mode & 0170000);
    out("%d ", fstatat(directory, "", &s, 0x1000)); out("%o ", s.mode & 0170000);
    out("%d ", renameat(directory, "sub/a10", directory, "sub/b2")); out("%d ", mkfifoat(directory, "sub/b10", 0600)); out("%d ", fchmodat(directory, "sub/b2", 0600, 0)); out("%d ", faccessat(directory, "sub/b2", 4, 0)); errno = 0; out("%d ", faccessat(directory, "sub/none", 0, 0)); out("%d ", errno);
    errno = 0;
    out("%d ", openat(999, "sub", 0)); out("%d ", errno); errno = 0; out("%d ", mkdirat(directory, "sub", 0755)); out("%d ", errno);
    sprintf(path, "%s/sub/b2", name);
    file = openat(999, path, 0);
    out("%ld ", read(file, text, 3)); close(file);
    out("\n");
    struct dirent **list;
    sprintf(path, "%s/sub", name);
    int count = scandir(path, &list, not_hidden, versionsort);
    out("%d:", count);
    for (int i = 0; i < count; i++) { out(" %s/%d", list[i]->name, list[i]->kind); free(list[i]); }
    free(list);
    int sub = openat(directory, "sub", 0200000);
    DIR *open_directory = fdopendir(sub);
    out(" %d ", dirfd(open_directory) == sub);
    int total = 0, dots = 0;
    long place = -1;
    struct dirent *entry;
    char second[256] = "";
    while ((entry = readdir(open_directory))) {
        if (++total == 1) place = telldir(open_directory);
        if (total == 2) strcpy(second, entry->name);
        dots += entry->name[0] == '.' && entry->kind == 4 && entry->number != 0;
    }
    out("%d %d ", total, dots);
    seekdir(open_directory, place);
    out("%d ", strcmp(readdir(open_directory)->name, second));
    close(openat(directory, "sub/new", 0101, 0600));
    rewinddir(open_directory);
    for (total = 0; readdir(open_directory); total++) {}
    out("%d ", total); out("%d ", closedir(open_directory)); errno = 0; out("%d ", close(sub)); out("%d ", errno);
    open_directory = opendir(path);
    out("%d ", dirfd(open_directory) == sub); out("%d ", closedir(open_directory)); errno = 0; out("%d ", opendir("/dev/null") != 0); out("%d ", errno); errno = 0; out("%d ", fdopendir(999) != 0); out("%d ", errno);
    const char *names[] = { "sub/a9", "sub/b2", "sub/b10", "sub/link", "sub/new" };
    for (int i = 0; i < 5; i++) out("%d", unlinkat(directory, names[i], 0));
    out(" %d ", unlinkat(directory, "sub", 0x200)); out("%d ", rmdir(name)); out("%d ", close(directory));
    char letters[] = "/tmp/ve-isa-host-XXXXXX.txt", more[] = "/tmp/ve-isa-host-XXXXXX", wrong[] = "/tmp/ve-isa-host-XXX";
    file = mkstemps(letters, 4);
    out("%d %s %d ", file >= 0, letters + strlen(letters) - 4, strstr(letters, "XXX") != 0); close(file); unlink(letters);
    file = mkostemp(more, 02000);
    out("%o ", fcntl(file, 3) & 02003); close(file); unlink(more);
    errno = 0;
    out("%d ", mkstemp(wrong)); out("%d ", errno); errno = 0; out("%d ", mkstemps(wrong, 99)); out("%d\n", errno);
}

static void users(void)
{
    // The user who runs this may have no entry.
    struct passwd *user = getpwnam("root"), entry, *found;
    out("%d ", getpwuid(getuid()) != 0); if (!user) return;
    out("%s %u %u %s %s %s ", user->name, user->uid, user->gid, user->gecos, user->home, user->shell);
    char room[2000];
    out("%d ", getpwnam_r("root", &entry, room, sizeof room, &found)); out("%d %s %s ", found == &entry, entry.name, entry.home);
    out("%d ", getpwnam_r("root", &entry, room, 3, &found)); out("%d ", found == 0); out("%d ", getpwnam_r("nobody of this name", &entry, room, sizeof room, &found)); out("%d ", found == 0);
    out("%d %d ", getpwnam("nobody of this name") == 0, getgrnam("nobody of this name") == 0);
    struct group *group = getgrgid(0), own, *told;
    if (!group) return;
    out("%s %u ", group->name, group->gid);
    for (char **member = group->members; *member; member++) out("[%s]", *member);
    for (unsigned number = 0; number < 110; number++)
        if (getgrgid_r(number, &own, room, sizeof room, &told) == 0 && told) { out(" %s", own.name); for (char **member = own.members; *member; member++) out("[%s]", *member); }
    unsigned groups[100];
    int count = getgroups(100, groups);
    out(" %d %d ", count, getgroups(0, 0) == count);
    for (int i = 0; i < count; i++) out("%u ", groups[i]);
    out("\n");
}

static int freed;
static void release(void *key) { freed += *(char *)key; }
static void various(void)
{
    char name[] = "/tmp/ve-isa-host-XXXXXX";
    int file = mkstemp(name), ends[2];
    struct stat s;
    struct statvfs all, open;
    out("%d ", posix_fallocate(file, 0, 5000)); fstatat(-100, name, &s, 0); out("%ld ", s.size); out("%d ", posix_fadvise(file, 0, 0, 3)); out("%d ", posix_fadvise(file, 0, 0, 99)); out("%d ", posix_fallocate(999, 0, 1)); out("%d ", posix_fallocate(file, -1, 1));
    out("%d ", statvfs("/tmp", &all)); out("%d ", fstatvfs(file, &open)); out("%lu %lu %lu %d ", all.words[0], all.words[1], all.words[10], all.words[2] == open.words[2]); errno = 0; out("%d ", statvfs("/nonexistent", &all)); out("%d ", errno);
    unsigned long limit[2];
    out("%d ", getrlimit(7, limit)); out("%lu %lu ", limit[0], limit[1]); errno = 0; out("%d ", getrlimit(99, limit)); out("%d ", errno);
    out("%ld ", pathconf("/tmp", 3)); out("%ld ", fpathconf(file, 4)); errno = 0; out("%ld ", pathconf("/nonexistent", 3)); out("%d ", errno); errno = 0; out("%ld ", pathconf("/tmp", 9999)); out("%d ", errno);
    out("%lu ", confstr(0, text, sizeof text)); out("%s ", text); out("%lu ", confstr(0, text, 5)); out("%s ", text); errno = 0; out("%lu ", confstr(9999, text, 5)); out("%d ", errno);
    close(file); unlink(name);
    unsigned char bytes[600] = { 0 };
    out("%ld ", getrandom(bytes, 600, 0)); int some = 0; for (int i = 0; i < 600; i++) some += bytes[i] != 0; out("%d ", some > 400); out("%d ", getentropy(bytes, 256)); errno = 0; out("%d ", getentropy(bytes, 257)); out("%d\n", errno);
    const char *versions[] = { "a9", "a10", "a010", "a", "", "a1.2", "a1.10", "b", "000", "00", "09", "0", "1" };
    for (int i = 0; i < 13; i++) for (int j = 0; j < 13; j++) { int order = strverscmp(versions[i], versions[j]); out("%c", order < 0 ? '<' : order > 0 ? '>' : '='); }
    out(" %ld %ld %ld %ld ", a64l("./"), a64l("zzzzzz"), a64l("ab!c"), a64l("/1234567")); out("%s ", l64a(12345678)); out("[%s] ", l64a(0)); out("%s ", l64a(-1));
    char options[] = "rw,size=10,,none=3,ro", *at = options, *value, *names[] = { "rw", "ro", "size", 0 };
    while (*at) { int which = getsubopt(&at, names, &value); out("%d %s ", which, value ? value : "-"); }
    struct element { struct element *next, *before; int number; } first = { 0, 0, 1 }, second = { 0, 0, 2 }, third = { 0, 0, 3 };
    insque(&first, 0); insque(&third, &first); insque(&second, &first);
    for (struct element *one = &first; one; one = one->next) out("%d%d ", one->number, one->before ? one->before->number : 0);
    remque(&second);
    out("%d %d ", first.next->number, third.before->number);
    void *root = 0;
    for (const char *key = "fast"; *key; key++) tsearch(key, &root, in_order);
    tdestroy(root, release);
    out("%d\n", freed);
    const int items[] = { 14, 0x10000, 0x10001, 0x20028, 0x20029, 0x2002a, 0x2002b, 0x20026, 0x20000, 0x2000d, 0x2000e, 0x20025, 0x50000, 0x50001, 0x4000f, 12345678 };
    for (int i = 0; i < 16; i++) out("[%s]", nl_langinfo(items[i]));
    out("[%s][%s]", nl_langinfo(items[0]), nl_langinfo(items[1]));
    void *plain = newlocale(0x1fbf, "C", 0);
    out(" %d ", plain != 0); out("%g %c %d ", strtod_l("2.5x", 0, plain), toupper_l('q', plain), strcoll_l("a", "b", plain) < 0); out("%d ", uselocale(0) == (void *)-1); freelocale(duplocale(plain)); freelocale(plain); errno = 0; out("%d ", newlocale(0x1fbf, "xx_YY", 0) == 0); out("%d ", errno);
    out("%s %x %x ", ctermid(0), htonl(0x01020304), ntohs(0x0102)); errno = 0; out("%d ", ttyname(999) == 0); out("%d ", errno);
    long past[2] = { 1, 5 }, wrong[2] = { 0, -1 }, short_time[2] = { 0, 1000 };
    out("%d ", clock_nanosleep(1, 1, past, 0)); out("%d ", clock_nanosleep(1, 0, wrong, 0)); out("%d ", clock_nanosleep(1, 0, short_time, 0)); out("%d ", clock_nanosleep(99, 0, short_time, 0));
    pipe(ends);
    struct pollfd list = { ends[0], 1, 0 };
    unsigned long set[16] = { 1UL << ends[0] }, none[16] = { 0 };
    out("%d ", ppoll(&list, 1, short_time, none)); write(ends[1], "x", 1); out("%d ", ppoll(&list, 1, 0, 0)); out("%d ", pselect(ends[0] + 1, set, 0, 0, short_time, none)); errno = 0; out("%d ", ppoll(&list, 1, wrong, 0)); out("%d ", errno); errno = 0; out("%d ", pselect(0, 0, 0, 0, wrong, 0)); out("%d ", errno);
    close(ends[0]); close(ends[1]);
    errno = 0;
    out("%ld ", sysconf(9999)); out("%d %ld %ld\n", errno, sysconf(29), sysconf(3));
}

static void run(void)
{
    locks();
    modes();
    beneath();
    users();
    various();
}
