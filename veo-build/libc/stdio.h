/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_STDIO_H
#define VEO_LIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#define EOF (-1)
#define BUFSIZ 8192
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2

typedef struct _IO_FILE FILE;
typedef struct {
    unsigned long opaque[2];
} fpos_t;

#define stdin stdin
#define stdout stdout
#define stderr stderr

#define FILENAME_MAX 4096
#define FOPEN_MAX 16
#define L_tmpnam 20
#define TMP_MAX 238328
#define P_tmpdir "/tmp"

#ifdef __cplusplus
extern "C" {
#endif

extern FILE *stdin, *stdout, *stderr;

int printf(const char *, ...) __attribute__((format(printf, 1, 2)));
int fprintf(FILE *, const char *, ...) __attribute__((format(printf, 2, 3)));
int sprintf(char *, const char *, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char *, size_t, const char *, ...) __attribute__((format(printf, 3, 4)));
int vprintf(const char *, va_list), vfprintf(FILE *, const char *, va_list);
int vsprintf(char *, const char *, va_list), vsnprintf(char *, size_t, const char *, va_list);
int asprintf(char **, const char *, ...), vasprintf(char **, const char *, va_list), dprintf(int, const char *, ...);
int scanf(const char *, ...), fscanf(FILE *, const char *, ...), sscanf(const char *, const char *, ...);
int vscanf(const char *, va_list), vfscanf(FILE *, const char *, va_list), vsscanf(const char *, const char *, va_list);
int putchar(int), puts(const char *), fputc(int, FILE *), putc(int, FILE *), fputs(const char *, FILE *);
int getchar(void), fgetc(FILE *), getc(FILE *), ungetc(int, FILE *);
char *fgets(char *, int, FILE *);
FILE *fopen(const char *, const char *), *freopen(const char *, const char *, FILE *), *fdopen(int, const char *), *tmpfile(void);
int setvbuf(FILE *, char *, int, size_t), fgetpos(FILE *, fpos_t *), fsetpos(FILE *, const fpos_t *), fileno(FILE *);
int rename(const char *, const char *);
void setbuf(FILE *, char *);
ssize_t getline(char **, size_t *, FILE *), getdelim(char **, size_t *, int, FILE *);
int fclose(FILE *), fflush(FILE *), fseek(FILE *, long, int), feof(FILE *), ferror(FILE *), remove(const char *);
long ftell(FILE *);
size_t fread(void *, size_t, size_t, FILE *), fwrite(const void *, size_t, size_t, FILE *);
void perror(const char *), rewind(FILE *), clearerr(FILE *);
int fseeko(FILE *, off_t, int);
off_t ftello(FILE *);
int vdprintf(int, const char *, va_list);
char *tmpnam(char *);
FILE *fmemopen(void *, size_t, const char *), *open_memstream(char **, size_t *);
void setbuffer(FILE *, char *, size_t), setlinebuf(FILE *), flockfile(FILE *), funlockfile(FILE *);
int getc_unlocked(FILE *), getchar_unlocked(void), putc_unlocked(int, FILE *), putchar_unlocked(int);
int feof_unlocked(FILE *), ferror_unlocked(FILE *), fflush_unlocked(FILE *), fileno_unlocked(FILE *);
int fputc_unlocked(int, FILE *), fputs_unlocked(const char *, FILE *), getw(FILE *), putw(int, FILE *);
void clearerr_unlocked(FILE *);
char *fgets_unlocked(char *, int, FILE *);
size_t fread_unlocked(void *, size_t, size_t, FILE *), fwrite_unlocked(const void *, size_t, size_t, FILE *);
int renameat(int, const char *, int, const char *), ftrylockfile(FILE *), pclose(FILE *);
FILE *popen(const char *, const char *);
char *tmpnam_r(char *), *ctermid(char *);
typedef struct {
    ssize_t (*read)(void *, char *, size_t), (*write)(void *, const char *, size_t);
    int (*seek)(void *, off_t *, int), (*close)(void *);
} cookie_io_functions_t;
FILE *fopencookie(void *, const char *, cookie_io_functions_t);

#ifdef __cplusplus
}
#endif

#endif
