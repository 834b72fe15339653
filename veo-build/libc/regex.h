/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_REGEX_H
#define VEO_LIBC_REGEX_H

#include <sys/types.h>

#define REG_EXTENDED 1
#define REG_ICASE 2
#define REG_NEWLINE 4
#define REG_NOSUB 8
#define REG_NOTBOL 1
#define REG_NOTEOL 2
#define REG_STARTEND 4
#define REG_NOMATCH 1
#define REG_BADPAT 2
#define REG_ECOLLATE 3
#define REG_ECTYPE 4
#define REG_EESCAPE 5
#define REG_ESUBREG 6
#define REG_EBRACK 7
#define REG_EPAREN 8
#define REG_EBRACE 9
#define REG_BADBR 10
#define REG_ERANGE 11
#define REG_ESPACE 12
#define REG_BADRPT 13

typedef int regoff_t;
typedef struct {
    regoff_t rm_so, rm_eo;
} regmatch_t;
typedef struct {
    unsigned long opaque[6];
    size_t re_nsub;
    unsigned long rest;
} regex_t;

#ifdef __cplusplus
extern "C" {
#endif

int regcomp(regex_t *, const char *, int);
int regexec(const regex_t *, const char *, size_t, regmatch_t *, int);
size_t regerror(int, const regex_t *, char *, size_t);
void regfree(regex_t *);

#ifdef __cplusplus
}
#endif

#endif
