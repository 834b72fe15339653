/* The work of the library's own start: the machine makes threads, and calls main and exit. */
#include "stdio_impl.h"
#include "pthread_impl.h"

/* Each thread of the machine has one of its own. */
static _Thread_local struct pthread self = {.locale = &libc.global_locale};

uintptr_t __get_tp(void)
{
	if (!self.tid) {
		self.self = self.prev = self.next = &self;
		self.robust_list.head = &self.robust_list.head;
		self.detach_state = DT_JOINABLE;
		self.tid = __syscall(SYS_gettid);
	}
	return (uintptr_t)(&self + 1);
}

__attribute__((constructor(101))) static void start(void)
{
	static size_t nothing[2];
	libc.auxv = nothing;
	libc.page_size = 65536;
	/* Threads of the machine may use the library at the same time. */
	libc.need_locks = 1;
	libc.threaded = 1;
	for (int i = 0; i < 3; i++)
		((FILE *[]){stdin, stdout, stderr})[i]->lock = 0;
}

/* As at the end of exit. */
__attribute__((destructor(101))) static void stop(void)
{
	fflush(0);
}
