/* The calls of py-veo, one for one: symbols looked up by name, every argument
 * turned into a 64-bit word by a converter chosen from a type string, stack
 * arguments as buffers, results as uninterpreted words converted afterwards. */
#include "check.h"

enum kind { K_I64, K_U64, K_I32, K_U32, K_I16, K_U8, K_DOUBLE, K_FLOAT, K_VOID, K_POINTER };

/* A function object: address, argument types and result type. */
struct function {
	uint64_t address;
	int count;
	enum kind types[8];
	enum kind result;
};

union value {
	int64_t i;
	double d;
	float f;
	struct {
		char *bytes;
		size_t length;
		enum veo_args_intent intent;
	} on_stack;
};

static uint64_t to_word(enum kind kind, union value value)
{
	union {
		uint64_t word;
		float halves[2];
		double d;
	} u = { 0 };

	switch (kind) {
	case K_DOUBLE:
		u.d = value.d;
		break;
	case K_FLOAT: /* in the upper half */
		u.halves[1] = value.f;
		break;
	case K_I32:
		u.word = (uint64_t)(int64_t)(int32_t)value.i;
		break;
	case K_I16:
		u.word = (uint64_t)(int64_t)(int16_t)value.i;
		break;
	case K_U32:
		u.word = (uint32_t)value.i;
		break;
	case K_U8:
		u.word = (uint8_t)value.i;
		break;
	default:
		u.word = (uint64_t)value.i;
	}
	return u.word;
}

static union value from_word(enum kind kind, uint64_t word)
{
	union value value = { .i = 0 };
	union {
		uint64_t word;
		float halves[2];
		double d;
	} u = { .word = word };

	switch (kind) {
	case K_DOUBLE:
		value.d = u.d;
		break;
	case K_FLOAT:
		value.f = u.halves[1];
		break;
	case K_I32:
		value.i = (int32_t)word;
		break;
	case K_U32:
		value.i = (uint32_t)word;
		break;
	default:
		value.i = (int64_t)word;
	}
	return value;
}

static uint64_t call(struct veo_thr_ctxt *ctx, const struct function *function,
		     const union value *values)
{
	struct veo_args *args = veo_args_alloc();

	NEED(args != NULL);
	for (int i = 0; i < function->count; i++) {
		if (function->types[i] == K_POINTER)
			CHECK_EQ(veo_args_set_stack(args, values[i].on_stack.intent, i,
						    values[i].on_stack.bytes,
						    values[i].on_stack.length), 0);
		else if (function->types[i] == K_I64 || function->types[i] == K_I32)
			CHECK_EQ(veo_args_set_i64(args, i,
						  (int64_t)to_word(function->types[i], values[i])), 0);
		else
			CHECK_EQ(veo_args_set_u64(args, i, to_word(function->types[i], values[i])), 0);
	}
	uint64_t request = veo_call_async(ctx, function->address, args);
	/* The argument object goes away with the call. */
	veo_args_clear(args);
	veo_args_free(args);
	CHECK(request != INVALID);
	return request;
}

static union value wait_result(struct veo_thr_ctxt *ctx, const struct function *function,
			       uint64_t request)
{
	uint64_t word = 0;

	CHECK_EQ(veo_call_wait_result(ctx, request, &word), VEO_COMMAND_OK);
	return from_word(function->result, word);
}

#define FUNCTION(name, gives, ...)                                                    \
	{ veo_get_sym(proc, library, name), sizeof((enum kind[]){ __VA_ARGS__ }) / sizeof(enum kind), \
	  { __VA_ARGS__ }, gives }
#define I(value) { .i = (value) }
#define D(value) { .d = (value) }
#define F(value) { .f = (value) }

static void functions(struct veo_proc_handle *proc, struct veo_thr_ctxt *ctx, uint64_t library)
{
	struct function add = FUNCTION("add", K_I64, K_I64, K_I64);
	struct function doubles = FUNCTION("sum_doubles", K_DOUBLE, K_DOUBLE, K_DOUBLE);
	struct function floats = FUNCTION("sum_floats", K_FLOAT, K_FLOAT, K_FLOAT);
	struct function blend = FUNCTION("blend", K_DOUBLE, K_I32, K_DOUBLE, K_FLOAT, K_U8, K_I16,
					 K_DOUBLE, K_U32, K_FLOAT);
	struct function quotient = FUNCTION("divide_doubles", K_U64, K_DOUBLE, K_DOUBLE, K_POINTER);
	struct function negative = FUNCTION("give_i32", K_I32, K_I32);

	CHECK_EQ(wait_result(ctx, &add, call(ctx, &add, (union value[]){ I(-3), I(45) })).i, 42);
	CHECK(wait_result(ctx, &doubles,
			  call(ctx, &doubles, (union value[]){ D(0.5), D(-1e100) })).d == 0.5 - 1e100);
	CHECK(wait_result(ctx, &floats,
			  call(ctx, &floats, (union value[]){ F(0.5f), F(2.25f) })).f == 2.75f);
	CHECK_EQ(wait_result(ctx, &negative, call(ctx, &negative, (union value[]){ I(-7) })).i, -8);
	CHECK(wait_result(ctx, &blend,
			  call(ctx, &blend,
			       (union value[]){ I(-1), D(0.25), F(0.5f), I(200), I(-300), D(1e6),
						I(4000000000), F(-2.5f) })).d ==
	      -1 + 0.5 + 1.5 + 800 - 1500 + 6e6 + 28e9 - 20);
	double out = 0;
	union value values[3] = { D(1.0), D(3.0),
				  { .on_stack = { (char *)&out, 8, VEO_INTENT_OUT } } };
	wait_result(ctx, &quotient, call(ctx, &quotient, values));
	CHECK(out == 1.0 / 3.0);

	/* Peeked at until it is there. */
	struct function slow = FUNCTION("pause_ms", K_U64, K_U64);
	uint64_t request = call(ctx, &slow, (union value[]){ I(100) }), word = 0;
	int state, peeks = 0;
	while ((state = veo_call_peek_result(ctx, request, &word)) == VEO_COMMAND_UNFINISHED) {
		peeks++;
		usleep(1000);
	}
	CHECK_EQ(state, VEO_COMMAND_OK);
	CHECK(peeks > 0);
	CHECK_EQ(word, 100);
}

static void arrays(struct veo_proc_handle *proc, struct veo_thr_ctxt *ctx, uint64_t library)
{
	enum { N = 100000 };
	static double a[N], b[N];
	uint64_t memory = 0, sent, received;
	struct function scale = FUNCTION("scale", K_I64, K_U64, K_I32, K_DOUBLE);

	for (int i = 0; i < N; i++)
		a[i] = i * 0.5;
	CHECK_EQ(veo_alloc_mem(proc, &memory, sizeof a), 0);
	CHECK_EQ(veo_write_mem(proc, memory, a, sizeof a), 0);
	CHECK_EQ(veo_read_mem(proc, b, memory, sizeof b), 0);
	CHECK(memcmp(a, b, sizeof a) == 0);
	sent = veo_async_write_mem(ctx, memory, a, sizeof a);
	uint64_t scaled = call(ctx, &scale, (union value[]){ I((int64_t)memory), I(N), D(3.0) });
	received = veo_async_read_mem(ctx, b, memory, sizeof b);
	CHECK_EQ(wait_result(ctx, &scale, scaled).i, N);
	collect(ctx, received);
	collect(ctx, sent);
	for (int i = 0; i < N; i++)
		if (b[i] != 3.0 * a[i])
			NEED(b[i] == 3.0 * a[i]);
	CHECK_EQ(veo_free_mem(proc, memory), 0);
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx;

	start(argc, argv);
	proc = new_proc();
	uint64_t library = load(proc, "libkernels.so");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	CHECK_EQ(veo_get_context_state(ctx), VEO_STATE_RUNNING);
	functions(proc, ctx, library);
	arrays(proc, ctx, library);
	/* An exception on the VE, told apart from an error. */
	struct function fault = FUNCTION("fault_fpe", K_U64, K_U64);
	uint64_t word = 0, request = call(ctx, &fault, (union value[]){ I(0) });
	CHECK_EQ(veo_call_wait_result(ctx, request, &word), VEO_COMMAND_EXCEPTION);
	CHECK_EQ(word, SIGFPE);
	veo_context_close(ctx);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}
