/* The common part of the conformance programs: checks that say what they saw, and the
 * few calls that nearly every program makes.
 *
 * A program is started with the directory of the kernel libraries as its first
 * argument. It ends with status 0 if every check held. One that hangs is ended
 * by the alarm.
 */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ve_offload.h>

/* Why the last call failed, where the library can tell. */
size_t veo_emu_last_error(char *text, size_t size) __attribute__((weak));

#define INVALID ((uint64_t)VEO_REQUEST_ID_INVALID)
/* The value of a result variable before a call that must not touch it. */
#define UNTOUCHED 0x5a5a5a5a5a5a5a5aUL

static int failures;

#define CHECK(condition)                                                              \
	do {                                                                          \
		if (!(condition)) {                                                   \
			failures++;                                                   \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,    \
				#condition);                                          \
		}                                                                     \
	} while (0)

/* Two integers of any type, or two pointers cast to one. */
#define CHECK_EQ(have, want)                                                          \
	do {                                                                          \
		int64_t have_ = (int64_t)(have), want_ = (int64_t)(want);             \
		if (have_ != want_) {                                                 \
			failures++;                                                   \
			fprintf(stderr, "%s:%d: %s is %" PRId64 " (0x%" PRIx64        \
				"), not %" PRId64 " (0x%" PRIx64 ")\n",               \
				__FILE__, __LINE__, #have, have_, (uint64_t)have_,    \
				want_, (uint64_t)want_);                              \
		}                                                                     \
	} while (0)

__attribute__((unused)) static const char *reason(void)
{
	static char text[600];
	size_t length = veo_emu_last_error ? veo_emu_last_error(text + 2, sizeof text - 2) : 0;

	memcpy(text, length ? ": " : "", length ? 2 : 1);
	return text;
}

/* Without these nothing that follows means anything. */
#define NEED(condition)                                                               \
	do {                                                                          \
		if (!(condition)) {                                                   \
			fprintf(stderr, "%s:%d: needed: %s%s\n", __FILE__, __LINE__,  \
				#condition, reason());                                \
			exit(1);                                                      \
		}                                                                     \
	} while (0)

static const char *libraries = ".";

__attribute__((unused)) static void start(int argc, char **argv)
{
	if (argc > 1)
		libraries = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(60);
}

__attribute__((unused)) static int finish(void)
{
	if (failures)
		fprintf(stderr, "%d checks failed\n", failures);
	return failures ? 1 : 0;
}

__attribute__((unused)) static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

/* The path of a kernel library; valid until the next call. */
__attribute__((unused)) static const char *library_path(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/%s", libraries, name);
	return path;
}

__attribute__((unused)) static struct veo_proc_handle *new_proc(void)
{
	struct veo_proc_handle *proc = veo_proc_create(0);

	NEED(proc != NULL);
	return proc;
}

__attribute__((unused)) static uint64_t load(struct veo_proc_handle *proc, const char *name)
{
	uint64_t library = veo_load_library(proc, library_path(name));

	NEED(library != 0);
	return library;
}

__attribute__((unused)) static uint64_t symbol(struct veo_proc_handle *proc, uint64_t library,
					       const char *name)
{
	uint64_t address = veo_get_sym(proc, library, name);

	if (address == 0)
		fprintf(stderr, "no symbol %s\n", name);
	NEED(address != 0);
	return address;
}

/* Integer arguments as 64-bit words: words(2, a, b). The caller frees them. */
#define words(count, ...) words_((count), (uint64_t[]){ __VA_ARGS__ })
__attribute__((unused)) static struct veo_args *words_(int count, const uint64_t *values)
{
	struct veo_args *args = veo_args_alloc();

	NEED(args != NULL);
	for (int i = 0; i < count; i++)
		CHECK_EQ(veo_args_set_u64(args, i, values[i]), 0);
	return args;
}

/* Submits a call with integer arguments: submit(ctx, address, 1, 42). */
#define submit(ctx, address, count, ...)                                              \
	submit_((ctx), (address), (count), (uint64_t[]){ __VA_ARGS__ })
__attribute__((unused)) static uint64_t submit_(struct veo_thr_ctxt *ctx, uint64_t address,
						int count, const uint64_t *values)
{
	struct veo_args *args = words_(count, values);
	uint64_t request = veo_call_async(ctx, address, args);

	veo_args_free(args);
	return request;
}

/* Waits for a request that must succeed, and gives its result. */
#define collect(ctx, request) collect_((ctx), (request), __LINE__)
__attribute__((unused)) static uint64_t collect_(struct veo_thr_ctxt *ctx, uint64_t request,
						 int line)
{
	uint64_t result = UNTOUCHED;
	int state = veo_call_wait_result(ctx, request, &result);

	if (state != VEO_COMMAND_OK) {
		failures++;
		fprintf(stderr, "%s:%d: request %" PRId64 " has state %d, result 0x%" PRIx64 "\n",
			__FILE__, line, (int64_t)request, state, result);
	}
	return result;
}

/* A request that must end with `state`, and with `want` as its result. */
#define CHECK_ENDS(ctx, request, state, want)                                         \
	do {                                                                          \
		uint64_t result_ = UNTOUCHED;                                         \
		CHECK_EQ(veo_call_wait_result((ctx), (request), &result_), (state));  \
		CHECK_EQ(result_, (want));                                            \
	} while (0)

/* A request that must end with `state`, whatever its result. */
#define CHECK_STATE(ctx, request, state)                                              \
	do {                                                                          \
		uint64_t result_ = UNTOUCHED;                                         \
		CHECK_EQ(veo_call_wait_result((ctx), (request), &result_), (state));  \
	} while (0)

__attribute__((unused)) static uint64_t double_bits(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

__attribute__((unused)) static double bits_double(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

#endif
