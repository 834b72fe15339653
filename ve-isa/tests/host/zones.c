/* Time zones, as the variable TZ has them. */
#include "libc.h"

struct tm *localtime(const long *);
long mktime(struct tm *);

char *strptime(const char *, const char *, struct tm *), *ctime(const long *);
void tzset(void);
extern char *tzname[2];
extern long timezone;
extern int daylight;

static void show(const struct tm *t)
{
    char text[100];
    if (!t) { out("none\n"); return; }
    size_t n = strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z %Z %s", t);
    out("%lu %s %d %ld %s %d %d\n", n, text, t->tm_isdst, t->gmtoff, t->zone, t->tm_wday, t->tm_yday);
}

static void zone(const char *name)
{
    static const long times[] = {
        0, 1, -1, 86399, 951782400, 1700000000, 1710000000, 1711846800, 1711846799, 1729990799, 1729990800, 1720000000, 1741500000,
        1741503599, 1741503600, 2000000000, 4000000000, 1L << 40, 1L << 60,
    };
    if (name) setenv("TZ", name, 1); else unsetenv("TZ");
    tzset();
    out("%s: %s %s %ld %d\n", name ? name : "-", tzname[0], tzname[1], timezone, daylight);
    for (int i = 0; i < sizeof times / sizeof *times; i++) {
        show(localtime(times + i));
        show(gmtime(times + i));
        if (i < 17) out("%s", ctime(times + i));
    }
    /* Each month, with all three answers to whether it is summer time; numbers that are outside of their ranges. */
    for (int month = -3; month < 15; month++)
        for (int summer = -1; summer < 2; summer++) {
            struct tm t = { 70, -5, 36, 31, month, 124, 0, 0, summer };
            long seconds = mktime(&t);
            out("%ld ", seconds);
            show(&t);
        }
    struct tm read = { .gmtoff = 5, .zone = "own" };
    char *end = strptime("2024-07-09 12:34:56", "%Y-%m-%d %H:%M:%S", &read);
    out("%d ", end && !*end);
    show(&read);
    end = strptime("+0230", "%z", &read);
    out("%d %ld\n", end && !*end, read.gmtoff);
    struct tm utc = { 0, 0, 0, 1, 0, 70, 0, 0, 1 };
    out("%ld ", timegm(&utc));
    show(&utc);
}

/* A zone that names summer time and not its days, which hosts know in different ways for other years. */
static void zone_without_rule(const char *name)
{
    static const long times[] = { 1704110400, 1710000000, 1720000000, 1733000000 };
    setenv("TZ", name, 1);
    tzset();
    out("%s: %s %s\n", name, tzname[0], tzname[1]);
    for (int i = 0; i < sizeof times / sizeof *times; i++) show(localtime(times + i));
}

static void run(void)
{
    zone_without_rule("MEZ-1MESZ");
    zone_without_rule("CST-8CDT");
    zone_without_rule(":EST5EDT4");
    zone(":JST-9");
    zone(0);
    zone("");
    zone("UTC0");
    zone("EST5EDT,M3.2.0,M11.1.0");
    zone("CET-1CEST,M3.5.0,M10.5.0/3");
    zone("<+0530>-5:30");
    zone("NZST-12NZDT,M9.5.0,M4.1.0/3");
    zone("IST-2IDT,M3.4.4/26,M10.5.0");
    zone("<+03>-3:00<+04>,M3.5.0/-26,M10.5.0/50");
    zone("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
    zone(":CET-1CEST,M3.2.0/167:59:59,M10.2.6/-167");
    zone("JST-9");
    zone("Europe/Berlin");
    zone("America/New_York");
    unsetenv("TZ");
}
