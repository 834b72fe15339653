/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Kernels that fail, each in another way.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* An address without memory. It is volatile, so that no compiler knows its value. */
static volatile uintptr_t nowhere = 8;

void crash_segv(void)
{
	*(volatile int *)nowhere = 1;
}

void crash_abort(void)
{
	abort();
}

/* Divides integers. The tests pass zero as the divisor. */
int64_t crash_divide(int64_t a, int64_t zero)
{
	return a / zero;
}

void crash_signal(int32_t number)
{
	raise(number);
}

/* Recurses until the stack is full. */
int64_t crash_stack(int64_t depth)
{
	if (depth == INT64_MAX)
		return 0;
	volatile char frame[4096];
	frame[depth % 4096] = 1;
	return crash_stack(depth + 1) + frame[0];
}

void leave(int32_t status)
{
	exit(status);
}

void leave_at_once(int32_t status)
{
	_exit(status);
}

/* Never returns. */
void run_forever(void)
{
	for (volatile uint64_t i = 0;; i++)
		;
}

int64_t own_pid(void)
{
	return getpid();
}
