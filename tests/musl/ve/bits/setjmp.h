/* Room for what setjmp keeps. */
typedef unsigned long __jmp_buf[25];
