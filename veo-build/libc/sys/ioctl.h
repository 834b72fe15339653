/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SYS_IOCTL_H
#define VEO_LIBC_SYS_IOCTL_H

#define TIOCGWINSZ 0x5413
#define FIONREAD 0x541b

struct winsize {
    unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel;
};

#ifdef __cplusplus
extern "C" {
#endif

int ioctl(int, unsigned long, ...);

#ifdef __cplusplus
}
#endif

#endif
