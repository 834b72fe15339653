/* The library's data of a thread end at the address that start.c gives. */
uintptr_t __get_tp(void);
#define TLS_ABOVE_TP
#define GAP_ABOVE_TP 0
