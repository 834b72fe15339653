#include "libc.h"

int fnmatch(const char *, const char *, int);
static void names(void)
{
    static const char *const patterns[] = { "*", "?", "a*", "*a", "*a*b*", "[abc]*", "[!abc]*", "[^abc]", "[]a]", "[!]a]", "[a-c]x", "[c-a]", "[[:alpha:]][[:digit:]]", "[[:upper:]_]*", "[[.a.]b]", "[[=a=]]", "[!p.[.a.]l]", "[b.[.a.]]", "[c=[=a=]]*", "\\*", "a\\", "[a", "[", "", "*/*", "a/*", "*.c", ".*", "[.]x", "?x", "*/.x", "*/?x", "**", "a**b", "[\\]]", "[a\\-c]", "a[/]b", "x*y*z", "[-a]", "[a-]", "*[0-9]", "A*", "[A-C]*" };
    static const char *const texts[] = { "", "a", "ab", "abc", ".x", "a/b", "a/.x", "x", "]", "*", "a\\", "[a", "[", "cx", "x9", "A_b", "xayyz", "ba", "foo.c", "a/b/c", "-", "c", "b/x", "A", "Bx", "a*b" };
    for (unsigned p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        out("%s:", patterns[p]);
        for (unsigned t = 0; t < sizeof texts / sizeof *texts; t++)
            for (int flags = 0; flags < 32; flags++) out("%d", fnmatch(patterns[p], texts[t], flags));
        out("\n");
    }
}

typedef struct { unsigned long opaque[6]; size_t groups; unsigned long rest; } regex_t;
typedef struct { int from, to; } regmatch_t;
int regcomp(regex_t *, const char *, int), regexec(const regex_t *, const char *, size_t, regmatch_t *, int);
size_t regerror(int, const regex_t *, char *, size_t);
void regfree(regex_t *);
static void expressions(void)
{
    static const char *const patterns[] = { "a", "a*b", "^a.c$", "[0-9]+", "([a-z]+)=([0-9]*)", "\\(a*\\)\\1", "(a|ab)(c|bcd)(d*)", "x{2,3}", "x\\{2,3\\}", "a|b", "(", ")", "[a", "*a", "a{2", "(()())", "^$", "[[:space:]]+", "\\.", "(a*)*", "[^,]*,", "a{0}", "\\(", "[b-a]", "[[:none:]]", "(.*)([0-9])", "word\\b", "\\<w" };
    static const char *const texts[] = { "", "a", "aab", "abc", "abcd", "key=42 other=7", "xxx", "xxxx", "aaaa", "a.b, c,d", "line one\nline two", "some word here 5", "b", "(a)" };
    for (unsigned p = 0; p < sizeof patterns / sizeof *patterns; p++)
        for (int flags = 0; flags < 16; flags += flags == 3 ? 1 : 1) {
            regex_t r;
            int code = regcomp(&r, patterns[p], flags);
            out("%s/%d: %d ", patterns[p], flags, code);
            if (code) {
                char line[40];
                out("%zu ", regerror(code, &r, line, sizeof line)); out("%s ", line); out("%zu\n", regerror(code, &r, 0, 0));
                continue;
            }
            out("%zu ", r.groups);
            for (unsigned t = 0; t < sizeof texts / sizeof *texts; t++) {
                regmatch_t m[6];
                memset(m, 7, sizeof m);
                int found = regexec(&r, texts[t], t % 2 ? 6 : 2, m, t % 3);
                out("%d", found);
                if (!found && !(flags & 8)) for (int i = 0; i < (t % 2 ? 6 : 2); i++) out(",%d-%d", m[i].from, m[i].to);
                out(" ");
            }
            regmatch_t m[2] = { { 3, 9 } };
            if (!(flags & 8)) { out("%d ", regexec(&r, "key=42 other=7", 2, m, 4)); out("%d-%d\n", m[0].from, m[0].to); } else out("\n");
            regfree(&r);
        }
}

/* A grep: lines that match, with what was found in each. */
static void search(void)
{
    static const char *const lines[] = { "int main(void)", "{", "    return f(1, 2) + g(3);", "}", "/* f(x) */" };
    regex_t r;
    regmatch_t m[3];
    out("%d ", regcomp(&r, "([a-z]+)\\(([^)]*)\\)", 1));
    for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++)
        for (const char *at = lines[i]; regexec(&r, at, 3, m, at != lines[i]) == 0; at += m[0].to)
            out("%u:%.*s(%.*s) ", i, m[1].to - m[1].from, at + m[1].from, m[2].to - m[2].from, at + m[2].from);
    regfree(&r);
    out("\n");
}

typedef struct { size_t count; char **list; size_t before; int flags; void *unused[5]; } glob_t;
int glob(const char *, int, int (*)(const char *, int), glob_t *);
void globfree(glob_t *);
char *mkdtemp(char *);
int chdir(const char *), fchdir(int), open(const char *, int, ...), close(int), mkdir(const char *, unsigned), unlink(const char *), rmdir(const char *), symlink(const char *, const char *), chmod(const char *, unsigned);
struct stat { unsigned long dev, ino, nlink; unsigned mode, uid, gid, unused; unsigned long rdev; long size, blksize, blocks, times[6], reserved[3]; };
struct FTW { int base, level; };
int ftw(const char *, int (*)(const char *, const struct stat *, int), int), nftw(const char *, int (*)(const char *, const struct stat *, int, struct FTW *), int, int);
struct dirent { unsigned long ino; long off; unsigned short reclen; unsigned char type; char name[256]; };
int scandir(const char *, struct dirent ***, int (*)(const struct dirent *), int (*)(const struct dirent **, const struct dirent **)), alphasort(const struct dirent **, const struct dirent **);
static char found[100][100];
static int founds;
static int by_text(const void *l, const void *r) { return strcmp(l, r); }
static void tell(void)
{
    qsort(found, founds, sizeof *found, by_text);
    for (int i = 0; i < founds; i++) out("%s; ", found[i]);
    out("\n");
    founds = 0;
}
static int note(const char *path, const struct stat *s, int type, struct FTW *f)
{
    snprintf(found[founds++], 100, "%s %d %d %d %o %ld", path, type, f->base, f->level, s->mode & 0170000, type == 0 ? s->size : 0);
    return strstr(path, "stop") != 0;
}
static int note_simply(const char *path, const struct stat *s, int type)
{
    snprintf(found[founds++], 100, "%s %d %o", path, type, type == 3 ? 0 : s->mode);
    return 0;
}
static char order[1000];
static int in_order(const char *path, const struct stat *s, int type, struct FTW *f)
{
    (void)s; (void)type;
    if (!strncmp(path, "deep", 4)) sprintf(order + strlen(order), "%s ", path + f->base);
    return 0;
}
static int no_dots(const struct dirent *e) { return e->name[0] != '.'; }
static int failed(const char *path, int error) { out("<%s %d> ", path, error); return 0; }
static void directories(void)
{
    static const char *const files[] = { "one.c", "two.c", "three.h", ".hidden", "sub/four.c", "sub/.five", "deep/a/b/six", "odd[1]" };
    char name[] = "/tmp/ve-isa-host-XXXXXX";
    mkdtemp(name);
    int here = open(".", 0);
    chdir(name);
    mkdir("sub", 0700); mkdir("deep", 0700); mkdir("deep/a", 0700); mkdir("deep/a/b", 0700); symlink("one.c", "link"); symlink("nowhere", "broken"); symlink("../sub", "deep/back");
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) close(open(files[i], 0101, 0600));

    static const char *const patterns[] = { "*.c", "*", ".*", "*/*", "sub/*.c", "*/*/*", "none*", "one.c", "sub/", "*/", "s*b/f*", "odd\\[1\\]", "odd[[]*", "./*.h", "nothing", "deep//a/*", "[a-z]*.[ch]", "broken", "l*", "" };
    static const int flags[] = { 0, 2, 16, 64, 128, 2048, 8, 2 | 16 | 128 };
    for (unsigned p = 0; p < sizeof patterns / sizeof *patterns; p++)
        for (unsigned f = 0; f < sizeof flags / sizeof *flags; f++) {
            /* The C library of Linux marks a directory twice. */
            if (flags[f] & 2 && patterns[p][0] && patterns[p][strlen(patterns[p]) - 1] == '/') continue;
            glob_t g;
            memset(&g, 0, sizeof g);
            g.before = 2;
            int code = glob(patterns[p], flags[f], failed, &g);
            out("%s/%d: %d", patterns[p], flags[f], code);
            size_t before = flags[f] & 8 ? 2 : 0;
            if (!code) {
                out(" %zu", g.count);
                for (size_t i = 0; i < g.count; i++) out(" %s", g.list[before + i]);
                if (before) out(" %d", g.list[0] == 0);
                if (g.list[before + g.count]) out(" no end");
                int more = glob("*.h", flags[f] | 32, 0, &g);
                out(" + %d %zu %s", more, g.count, g.list[before + g.count - 1]);
            }
            globfree(&g);
            out("\n");
        }

    static const int how[] = { 0, 1, 8, 9, 1 | 2 };
    for (int i = 0; i < 5; i++) { out("%d ", nftw(".", note, 5, how[i])); tell(); out("%d ", nftw("deep", note, 5, how[i])); tell(); }
    out("%d ", ftw("sub", note_simply, 5)); tell();
    nftw("deep/a", in_order, 5, 1); nftw("deep/a", in_order, 5, 9); out("%s ", order);
    errno = 0;
    out("%d ", nftw("missing", note, 5, 0)); out("%d ", errno); out("%d ", nftw("one.c", note, 5, 0)); tell();
    close(open("sub/stop", 0101, 0600));
    out("%d ", nftw("sub", note, 5, 0));
    founds = 0;
    struct dirent **list;
    int count = scandir(".", &list, no_dots, alphasort);
    out("%d", count);
    for (int i = 0; i < count; i++) { out(" %s", list[i]->name); free(list[i]); }
    free(list);
    errno = 0;
    out(" %d ", scandir("missing", &list, 0, 0)); out("%d ", errno); out("%d\n", scandir("sub", &list, 0, alphasort));

    unlink("sub/stop"); unlink("link"); unlink("broken"); unlink("deep/back");
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) unlink(files[i]);
    rmdir("sub"); rmdir("deep/a/b"); rmdir("deep/a"); rmdir("deep");
    fchdir(here); close(here);
    out("%d\n", rmdir(name));
}

FILE *open_memstream(char **, size_t *), *fmemopen(void *, size_t, const char *);
int fseeko(FILE *, long, int);
static void streams(void)
{
    char *text = 0;
    size_t length = 99;
    FILE *f = open_memstream(&text, &length);
    out("%d ", f != 0); out("%d ", fflush(f)); out("%zu <%s> ", length, text);
    for (int i = 0; i < 2000; i++) fprintf(f, "line %d, ", i);
    fflush(f);
    out("%zu %s ", length, text + length - 20);
    out("%ld ", ftell(f)); out("%d ", fseek(f, 5, 0)); fputs("XY", f); fflush(f); out("%.12s ", text);
    out("%d ", fclose(f)); out("%zu ", length);
    free(text);
    f = open_memstream(&text, &length);
    out("%d ", fclose(f)); out("%zu <%s>\n", length, text);
    free(text);
    static const char *const modes[] = { "r", "w", "a", "r+", "w+", "a+" };
    for (unsigned m = 0; m < 6; m++)
        for (int size = 1; size <= 12; size += 11) {
            char buffer[16] = "hello", back[16] = "";
            out("%s %d: ", modes[m], size);
            f = fmemopen(buffer, size, modes[m]);
            if (!f) { out("none\n"); continue; }
            out("%ld ", ftell(f));
            if (m == 0 || m > 2) { size_t n = fread(back, 1, 8, f); out("%zu %s %d ", n, back, feof(f) != 0); }
            if (m) {
                out("%d ", fseek(f, 0, 0)); out("%d ", fputs("abc", f) >= 0); int flushed = fflush(f); out("%d <%.12s> ", flushed, buffer);
                out("%d ", fseek(f, 0, 2)); out("%ld ", ftell(f)); out("%d ", fputs("0123456789012345", f) >= 0);
                flushed = fflush(f);
                out("%d ", flushed);
            }
            int closed = fclose(f);
            out("%d ", closed);
            for (int i = 0; i < 16; i++) out("%02x", buffer[i]);
            out("\n");
        }
    f = fmemopen(0, 10, "w+");
    fputs("12 34", f);
    rewind(f);
    int a = 0, b = 0;
    out("%d ", fscanf(f, "%d %d", &a, &b)); out("%d %d %d\n", a, b, fclose(f));
}

static void run(void)
{
    names();
    expressions();
    search();
    directories();
    streams();
}
