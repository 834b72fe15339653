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

#ifdef __cplusplus
extern "C" {
#endif

DIR *opendir(const char *);
struct dirent *readdir(DIR *);
int closedir(DIR *);
void rewinddir(DIR *);
int alphasort(const struct dirent **, const struct dirent **);
int scandir(const char *, struct dirent ***, int (*)(const struct dirent *), int (*)(const struct dirent **, const struct dirent **));

#ifdef __cplusplus
}
#endif

#endif
