#include "libc.h"

static const char *texts[] = {
    "", " ", "42", "-17 rest", "+5", "  99x", "0x1F", "0x", "0xg", "077", "08", "-", "+-3", "2147483648", "99999999999", "-99999999999",
    "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1.5", ".5", "5.", ".", "1e10", "1e", "1e+", "1e+x", "-2.5e-3x",
    "inf", "-INFINITY", "infx", "infi", "in", "nan", "NaNx", "na", "0x1.8p3", "0x.8", "0x1p", "0x.", "1e400", "1e-400", "0.1", "12345678901234567890",
    "hello world", "  two  words ", "a]b-c^d", "abcXYZ", "(nil)", "(nul)", "12:34:56", "12 : 34:56", "%5", "1,2,3", "key=value", "key = value", "\xe9t\xe9", "1 2 3 4 5 6 7 8 9",
};

static void each(const char *text)
{
    unsigned char c[64];
    short h = -1;
    int i = -1, j = -1, k = -1;
    signed char hh = -1;
    long l = -1;
    unsigned u = 1;
    unsigned long ul = 1;
    double d = -1;
    float f = -1;
    void *p = &i;
    char *block = 0, *other = 0;
    int wide[64];
    out("%s:", text);
    errno = 0;
    out(" %d", sscanf(text, "%d", &i)); out(" %d %d", i, errno);
    errno = 0;
    out(" %d", sscanf(text, "%ld", &l)); out(" %ld %d", l, errno);
    out(" %d", sscanf(text, "%hd", &h)); out(" %d", h);
    out(" %d", sscanf(text, "%hhd", &hh)); out(" %d", hh);
    out(" %d", sscanf(text, "%u", &u)); out(" %u", u);
    errno = 0;
    out(" %d", sscanf(text, "%lu", &ul)); out(" %lu %d", ul, errno);
    i = -1;
    out(" %d", sscanf(text, "%i%n", &i, &j)); out(" %d %d", i, j);
    out(" %d", sscanf(text, "%x%n", &u, &j)); out(" %x %d", u, j);
    out(" %d", sscanf(text, "%o%n", &u, &j)); out(" %o %d", u, j);
    out(" %d", sscanf(text, "%2d%n", &i, &j)); out(" %d %d", i, j);
    out(" %d", sscanf(text, "%1d%1d", &i, &j)); out(" %d %d", i, j);
    out(" %d", sscanf(text, "%p", &p)); out(" %d", p == &i ? -1 : (int)(long)p);
    out("|");
    j = -1;
    errno = 0;
    out(" %d", sscanf(text, "%lf%n", &d, &j)); out(" %.17g %d %d", d != d ? -7 : d, j, errno);
    j = -1;
    out(" %d", sscanf(text, "%f%n", &f, &j)); out(" %.9g %d", f != f ? -7 : f, j);
    out(" %d", sscanf(text, "%3lg%n", &d, &j)); out(" %.17g %d", d != d ? -7 : d, j);
    out("|");
    memset(c, '#', sizeof c);
    c[63] = 0;
    out(" %d", sscanf(text, "%s", c)); out(" <%s>", c);
    memset(c, '#', sizeof c - 1);
    out(" %d", sscanf(text, "%3s%n", c, &j)); out(" <%.10s> %d", c, j);
    memset(c, '#', sizeof c - 1);
    out(" %d", sscanf(text, "%c", c)); out(" <%.3s>", c);
    memset(c, '#', sizeof c - 1);
    out(" %d", sscanf(text, "%4c", c)); out(" <%.6s>", c);
    memset(c, '#', sizeof c - 1);
    out(" %d", sscanf(text, "%[a-z ]", c)); out(" <%.10s>", c);
    memset(c, '#', sizeof c - 1);
    out(" %d", sscanf(text, "%[^a-z]", c)); out(" <%.10s>", c);
    memset(c, '#', sizeof c - 1);
    out(" %d", sscanf(text, "%[]a^-]", c)); out(" <%.10s>", c);
    memset(c, '#', sizeof c - 1);
    out(" %d", sscanf(text, "%*s %5[^\n]", c)); out(" <%.10s>", c);
    out(" %d", sscanf(text, "%ms %m[a-z]", &block, &other)); out(" <%s> <%s>", block ? block : "none", other ? other : "none");
    free(block);
    free(other);
    memset(wide, 0, sizeof wide);
    out(" %d", sscanf(text, "%ls", wide)); out(" %d %d", wide[0], wide[1]);
    out("|");
    i = j = k = -1;
    out(" %d", sscanf(text, "%d:%d:%d", &i, &j, &k)); out(" %d %d %d", i, j, k);
    i = j = k = -1;
    out(" %d", sscanf(text, "%d %*d , %d", &i, &j)); out(" %d %d", i, j);
    out(" %d", sscanf(text, " %% %d", &i)); out(" %d", i);
    out(" %d", sscanf(text, "%*[a-z] = %s", c)); out(" <%.10s>", c);
    out(" %d", sscanf(text, "%3$d %1$d %2$d", &i, &j, &k)); out(" %d %d %d", i, j, k);
    out(" %d", sscanf(text, "key%n", &i)); out(" %d", i);
    out(" %d", sscanf(text, "")); out(" %d", sscanf(text, " ")); out(" %d", sscanf(text, "%*d"));
    out(" %d", sscanf(text, "%*d%*d")); out(" %d\n", sscanf(text, "%hhn%hn%ln", &hh, &h, &l)); 
}

static void streams(void)
{
    FILE *f = tmpfile();
    fputs("12 -7 word\n3.25 next 0x10 end\nlast", f);
    rewind(f);
    int i, j;
    double d;
    char word[20];
    out("%d ", fscanf(f, "%d%d", &i, &j)); out("%d %d %ld ", i, j, ftell(f));
    out("%d ", fscanf(f, "%d", &i)); out("%c ", fgetc(f));
    out("%d ", fscanf(f, "%s", word)); out("%s ", word);
    out("%d ", fscanf(f, "%lf %19s %i", &d, word, &i)); out("%g %s %d %ld ", d, word, i, ftell(f));
    out("%d ", fscanf(f, " end %s", word)); out("%s ", word);
    out("%d ", fscanf(f, "%s", word));
    out("%d\n", feof(f));
    fclose(f);
}

static void run(void)
{
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) each(texts[i]);
    streams();
    /* Random texts of what numbers are made of. */
    for (int round = 0; round < 400; round++) {
        char text[16];
        int length = (int)random_below(9);
        for (int i = 0; i < length; i++) text[i] = "0123456789.eE+-xXaAinfp "[random_below(24)];
        text[length] = 0;
        double d = -1;
        int i = -1, n = -1, m = -1;
        unsigned u = 1;
        out("<%s>", text);
        out(" %d", sscanf(text, "%lf%n", &d, &n)); out(" %.17g %d", d != d ? -7 : d, n);
        out(" %d", sscanf(text, "%i%n", &i, &m)); out(" %d %d", i, m);
        out(" %d\n", sscanf(text, "%5x%c", &u, (char *)&n));
    }
}
