/* The functions of the emulated node beyond libveo. */
#include "check.h"

#include <elf.h>
#include <veo_emu.h>
#include <veo_hmem.h>

static char output[2][1000];

static void on_output(void *payload, int stream, const char *data, size_t length)
{
	(void)payload;
	if (stream == 1 || stream == 2)
		strncat(output[stream - 1], data, length);
}

static void reasons(void)
{
	char text[500];

	CHECK(veo_proc_create(4711) == NULL);
	CHECK(veo_emu_last_error(text, sizeof text) > 0);
	CHECK(strstr(text, "4711") != NULL);
	/* Cut to fit, and the whole length told. */
	size_t whole = veo_emu_last_error(text, sizeof text);
	CHECK_EQ(veo_emu_last_error(text, 5), whole);
	CHECK_EQ(strlen(text), 4);
}

static void nodes(void)
{
	uint64_t total = 0, available = 0;

	CHECK(veo_emu_num_nodes() >= 1);
	CHECK_EQ(veo_emu_node_memory(0, &total, &available), 0);
	CHECK(total > 0 && available > 0 && available <= total);
	CHECK(veo_emu_node_memory(4711, &total, &available) != 0);

	uint16_t machines[2] = { 0xffff, 0xffff };
	CHECK(veo_emu_machines(0, machines, 1) >= 1);
	CHECK(machines[0] == EM_X86_64 || machines[0] == EM_AARCH64);
	CHECK_EQ(machines[1], 0xffff);
	CHECK(veo_emu_machines(0, NULL, 0) >= 1);
	CHECK_EQ(veo_emu_machines(4711, machines, 1), -1);
}

static void fault_report(struct veo_proc_handle *proc, uint64_t library)
{
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	struct veo_emu_fault fault;

	NEED(ctx != NULL);
	memset(&fault, 0xff, sizeof fault);
	fault.struct_size = sizeof fault;
	CHECK_EQ(veo_emu_get_fault(proc, &fault), -1);
	uint64_t request = submit(ctx, symbol(proc, library, "fault_segv"), 0);
	CHECK_STATE(ctx, request, VEO_COMMAND_EXCEPTION);
	CHECK_EQ(veo_emu_get_fault(proc, &fault), 0);
	CHECK_EQ(fault.signal, SIGSEGV);
	CHECK_EQ(fault.address, 16);
	CHECK_EQ(fault.request, request);
	CHECK_EQ(fault.context, 0);
	CHECK(strcmp(fault.kernel, "fault_segv") == 0);
	CHECK(strstr(fault.file, "kernels.c") != NULL);
	CHECK(fault.line > 0);
	CHECK(strstr(fault.text, "fault_segv") != NULL);
	CHECK_EQ(fault.struct_size, sizeof fault);

	/* A caller that knows less gets no more, one that knows more the rest as it was. */
	struct {
		struct veo_emu_fault fault;
		unsigned char more[8];
	} newer;
	size_t known = offsetof(struct veo_emu_fault, kernel);
	memset(&newer, 0xff, sizeof newer);
	newer.fault.struct_size = known;
	CHECK_EQ(veo_emu_get_fault(proc, &newer.fault), 0);
	CHECK_EQ(newer.fault.line, fault.line);
	CHECK_EQ((unsigned char)newer.fault.kernel[0], 0xff);
	newer.fault.struct_size = sizeof newer;
	CHECK_EQ(veo_emu_get_fault(proc, &newer.fault), 0);
	CHECK(strcmp(newer.fault.operation, fault.operation) == 0);
	CHECK_EQ(newer.more[0], 0xff);
	newer.fault.struct_size = 0;
	CHECK_EQ(veo_emu_get_fault(proc, &newer.fault), -1);
	CHECK_EQ(veo_emu_pid(proc), -1);
}

static void options(void)
{
	struct veo_emu_options set = { .struct_size = sizeof set };
	uint64_t library, address = 0, result = 0;
	struct veo_args *args = veo_args_alloc();

	set.memory = 64 << 20;
	set.time_limit_ms = 200;
	set.output = on_output;
	struct veo_proc_handle *proc = veo_emu_proc_create(0, &set);
	NEED(proc != NULL);
	library = load(proc, "libkernels.so");
	CHECK(veo_emu_pid(proc) > 0);
	CHECK_EQ(veo_alloc_mem(proc, &address, 32 << 20), 0);
	CHECK_EQ(veo_alloc_mem(proc, &address, 64 << 20), -1);
	char text[] = "said by a kernel\n";
	veo_args_set_stack(args, VEO_INTENT_IN, 0, text, sizeof text);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "say"), args, &result), 0);
	for (int i = 0; i < 1000 && strlen(output[0]) < strlen(text); i++)
		usleep(1000);
	CHECK(strcmp(output[0], text) == 0);
	/* Further contexts. */
	CHECK(veo_context_open(proc) != NULL);
	CHECK(veo_context_open(proc) != NULL);

	double begin = now();
	veo_args_clear(args);
	CHECK(veo_call_sync(proc, symbol(proc, library, "endless"), args, &result) < 0);
	CHECK(now() - begin > 0.15 && now() - begin < 5);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	veo_args_free(args);
}

static void waiting(struct veo_proc_handle *proc, uint64_t library)
{
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	uint64_t result = UNTOUCHED;

	NEED(ctx != NULL);
	uint64_t slow = submit(ctx, symbol(proc, library, "pause_ms"), 1, 300);
	double begin = now();
	CHECK_EQ(veo_emu_wait_result_timeout(ctx, slow, &result, 50000000), VEO_COMMAND_UNFINISHED);
	CHECK(now() - begin > 0.04 && now() - begin < 0.25);
	CHECK_EQ(result, UNTOUCHED);
	CHECK_EQ(veo_emu_wait_result_timeout(ctx, slow, &result, UINT64_MAX), VEO_COMMAND_OK);
	CHECK_EQ(result, 300);
	/* A result given up is not to be had any more. */
	uint64_t given_up = submit(ctx, symbol(proc, library, "echo"), 1, 1);
	CHECK_EQ(veo_emu_discard_result(ctx, given_up), 0);
	veo_context_sync(ctx);
	CHECK_ENDS(ctx, given_up, VEO_COMMAND_ERROR, UNTOUCHED);
	CHECK(veo_emu_discard_result(ctx, 4711) != 0);
}

/* Calls without an object for their arguments, and several results at once. */
static void direct(struct veo_proc_handle *proc, uint64_t library)
{
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	uint64_t integers = UINT64_C(0x5555555555555555) * VEO_EMU_CLASS_INTEGER;
	uint64_t doubles = UINT64_C(0x5555555555555555) * VEO_EMU_CLASS_DOUBLE, none = 0;
	uint64_t words[17], requests[5], echo = symbol(proc, library, "echo");
	struct veo_emu_result results[5];
	double pair[2] = { 1.5, 2.25 }, sum;

	NEED(ctx != NULL);
	for (int i = 0; i < 17; i++)
		words[i] = i;
	memcpy(words, pair, sizeof pair);
	requests[0] = veo_emu_call_async(ctx, symbol(proc, library, "sum_doubles"), words, &doubles,
					 2, VEO_EMU_CLASS_DOUBLE);
	words[0] = 40, words[1] = 2;
	requests[1] = veo_emu_call_async(ctx, symbol(proc, library, "ninth_word"), words, &integers,
					 17, VEO_EMU_CLASS_INTEGER);
	requests[2] = veo_emu_call_async(ctx, symbol(proc, library, "answer"), NULL, NULL, 0,
					 VEO_EMU_CLASS_INTEGER);
	requests[3] = submit(ctx, symbol(proc, library, "pause_ms"), 1, 300);
	requests[4] = veo_emu_call_async(ctx, echo, words, &integers, 1, VEO_EMU_CLASS_INTEGER);
	CHECK_STATE(ctx, requests[1], VEO_COMMAND_OK);
	/* The first three, of which one is not to be had any more. */
	CHECK_EQ(veo_emu_collect(ctx, requests, 5, UINT64_MAX, results), 3);
	memcpy(&sum, &results[0].value, sizeof sum);
	CHECK_EQ(results[0].state, VEO_COMMAND_OK);
	CHECK(sum == 3.75);
	CHECK_EQ(results[1].state, VEO_COMMAND_ERROR);
	CHECK_EQ(results[2].state, VEO_COMMAND_OK);
	CHECK_EQ(results[2].value, 42);
	CHECK_EQ(veo_emu_collect(ctx, requests + 3, 2, 1000000, results), 0);
	CHECK_EQ(veo_emu_collect(ctx, requests + 4, 1, UINT64_MAX, results), 1);
	CHECK_EQ(results[0].value, 40);
	CHECK_EQ(veo_emu_collect(ctx, requests + 3, 1, UINT64_MAX, results), 1);
	CHECK_EQ(results[0].value, 300);
	/* A call that cannot be passed is no request. */
	CHECK_EQ(veo_emu_call_async(ctx, echo, words, &integers, 257, VEO_EMU_CLASS_INTEGER), INVALID);
	CHECK_EQ(veo_emu_call_async(ctx, echo, NULL, &integers, 1, VEO_EMU_CLASS_INTEGER), INVALID);
	CHECK_EQ(veo_emu_call_async(ctx, 0, words, &integers, 1, VEO_EMU_CLASS_INTEGER), INVALID);
	CHECK_EQ(veo_emu_call_async(NULL, echo, words, &integers, 1, VEO_EMU_CLASS_INTEGER), INVALID);
	CHECK_EQ(veo_emu_call_async(ctx, echo, words, &integers, 1, VEO_EMU_CLASS_UNTYPED), INVALID);
	CHECK_EQ(veo_emu_call_async(ctx, echo, words, NULL, 1, VEO_EMU_CLASS_INTEGER), INVALID);
	/* A word without a class is an address, which loses the tag of this process but not that of another. */
	int own = veo_proc_identifier(proc);
	for (int other = 0; other <= 1; other++) {
		words[0] = (uint64_t)veo_set_proc_identifier((void *)0x600012345678, own ^ other);
		CHECK(words[0] != 0);
		requests[0] = veo_emu_call_async(ctx, echo, words, &none, 1, VEO_EMU_CLASS_INTEGER);
		CHECK_EQ(veo_emu_collect(ctx, requests, 1, UINT64_MAX, results), 1);
		CHECK_EQ(results[0].value, other ? words[0] : 0x600012345678);
	}
	CHECK_EQ(veo_emu_collect(ctx, requests, 0, UINT64_MAX, results), 0);
}

/* When requests ran, while that is noted. */
static void times(struct veo_proc_handle *proc, uint64_t library)
{
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	uint64_t pause = symbol(proc, library, "pause_ms"), requests[2];
	struct veo_emu_times told[2];

	NEED(ctx != NULL);
	requests[0] = submit(ctx, pause, 1, 1);
	CHECK_STATE(ctx, requests[0], VEO_COMMAND_OK);
	CHECK_EQ(veo_emu_get_times(ctx, requests, 1, told), 1);
	CHECK(told[0].started == 0 && told[0].ended == 0);
	CHECK_EQ(veo_emu_set_timed(proc, 1), 0);
	for (int i = 0; i < 2; i++)
		requests[i] = submit(ctx, pause, 1, 20);
	for (int i = 0; i < 2; i++)
		CHECK_STATE(ctx, requests[i], VEO_COMMAND_OK);
	CHECK_EQ(veo_emu_get_times(ctx, requests, 2, told), 2);
	CHECK(told[0].started > 0);
	CHECK(told[0].ended - told[0].started >= 20000000);
	CHECK(told[1].started >= told[0].ended);
	CHECK(told[1].ended - told[1].started >= 20000000);
	CHECK_EQ(veo_emu_set_timed(proc, 0), 0);
	CHECK_EQ(veo_emu_set_timed(NULL, 1), -1);
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;

	start(argc, argv);
	reasons();
	nodes();
	options();
	proc = new_proc();
	uint64_t library = load(proc, "libkernels.so");
	CHECK(veo_emu_core(proc) >= 0);
	CHECK_EQ(veo_emu_is_code(proc, veo_get_sym(proc, library, "add")), 1);
	CHECK_EQ(veo_emu_is_code(proc, veo_get_sym(proc, library, "variable")), 0);
	CHECK_EQ(veo_emu_is_code(proc, 8), -1);
	waiting(proc, library);
	times(proc, library);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	proc = new_proc();
	direct(proc, load(proc, "libkernels.so"));
	CHECK_EQ(veo_proc_destroy(proc), 0);
	proc = new_proc();
	fault_report(proc, load(proc, "libkernels.so"));
	CHECK_EQ(veo_proc_destroy(proc), 0);
	/* A kill from here. */
	proc = new_proc();
	library = load(proc, "libkernels.so");
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	uint64_t request = submit(ctx, symbol(proc, library, "endless"), 0);
	CHECK_EQ(veo_emu_kill(proc), 0);
	CHECK_ENDS(ctx, request, VEO_COMMAND_ERROR, 0);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}
