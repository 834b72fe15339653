/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_DIRENT_H
#define VEO_LIBC_DIRENT_H

#include <sys/types.h>

typedef struct veo_libc_dir DIR;
struct dirent {
    unsigned long d_ino;
    off_t d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[256];
};

#define DT_UNKNOWN 0
#define DT_FIFO 1
#define DT_CHR 2
#define DT_DIR 4
#define DT_BLK 6
#define DT_REG 8
#define DT_LNK 10
#define DT_SOCK 12

#ifdef __cplusplus
extern "C" {
#endif

DIR *opendir(const char *);
struct dirent *readdir(DIR *);
int closedir(DIR *);
void rewinddir(DIR *);
int alphasort(const struct dirent **, const struct dirent **);
int scandir(const char *, struct dirent ***, int (*)(const struct dirent *), int (*)(const struct dirent **, const struct dirent **));
DIR *fdopendir(int);
int dirfd(DIR *), readdir_r(DIR *, struct dirent *, struct dirent **), versionsort(const struct dirent **, const struct dirent **);
long telldir(DIR *);
void seekdir(DIR *, long);

#ifdef __cplusplus
}
#endif

#endif
