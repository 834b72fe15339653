/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Kernels that go wrong, each in another way. A comment names the line that does it.
 */
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile uintptr_t nowhere = 8;
static volatile int64_t sink;

void write_nowhere(void)
{
	*(volatile int32_t *)nowhere = 1; /* write_nowhere */
}

void read_nowhere(void)
{
	sink = *(volatile int64_t *)nowhere; /* read_nowhere */
}

static const int64_t constant[4] = {1, 2, 3, 4};

void write_constant(int64_t index)
{
	*(volatile int64_t *)&constant[index] = 5; /* write_constant */
}

void write_to(int64_t *place, int64_t index)
{
	place[index] = 7; /* write_to */
}

__attribute__((noinline)) static int64_t inner(int64_t *place, int64_t depth)
{
	if (depth == 0)
		return *(volatile int64_t *)place; /* inner */
	return inner(place, depth - 1) + depth;
}

int64_t outer(int64_t *place, int64_t depth)
{
	return 2 * inner(place, depth); /* outer */
}

void call_abort(void)
{
	abort(); /* call_abort */
}

int64_t jump_nowhere(void)
{
	int64_t (*function)(void) = (int64_t(*)(void))(nowhere + 8);
	return function() + 1; /* jump_nowhere */
}

int64_t bad_length(void)
{
	return (int64_t)strlen((const char *)nowhere); /* bad_length */
}

int64_t free_wrong(void)
{
	int64_t *volatile block = malloc(64);
	free(block + 1); /* free_wrong */
	return 0;
}

int64_t recurse(int64_t depth)
{
	volatile char frame[4096];
	frame[depth % 4096] = 1;
	if (depth == INT64_MAX)
		return 0;
	return recurse(depth + 1) + frame[0];
}

double divide(double a, double b)
{
	return a / b; /* divide */
}

void leave(int32_t status)
{
	exit(status);
}

/* `_exit` does not call it. */
static void never(void)
{
	_exit(99);
}

void leave_at_once(int32_t status)
{
	atexit(never);
	_exit(status);
}

int64_t run_forever(void)
{
	for (volatile uint64_t i = 0;; i++)
		;
}

__attribute__((noinline)) static int64_t deepest(int64_t *place)
{
	return *(volatile int64_t *)place; /* deepest */
}

static void *thread(void *place)
{
	return (char *)place + deepest(place) + 1; /* thread */
}

static void *deep_thread(void *argument)
{
	return (void *)recurse((int64_t)argument);
}

int64_t in_a_thread(int64_t deep)
{
	pthread_t created;
	if (pthread_create(&created, 0, deep ? deep_thread : thread, (void *)nowhere))
		return -1;
	return pthread_join(created, 0) + 1; /* in_a_thread */
}

int64_t fine(int64_t x)
{
	return x + 1;
}
