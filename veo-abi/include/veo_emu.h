/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The functions of the emulated node beyond libveo. A program finds these functions
 * by dlsym; with NEC's library they are not there.
 */
#ifndef VEO_EMU_H
#define VEO_EMU_H

#include "ve_offload.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Class of a result: which register of the host a native kernel returns it in. */
enum veo_emu_class {
	VEO_EMU_CLASS_UNTYPED = 0, /* of a result: decided from debug information, else integer */
	VEO_EMU_CLASS_HMEM = 0,    /* of an argument: as veo_args_set_hmem sets it */
	VEO_EMU_CLASS_INTEGER = 1, /* integers, pointers, nothing */
	VEO_EMU_CLASS_FLOAT = 2,
	VEO_EMU_CLASS_DOUBLE = 3
};

/* The causes of the end of a VE process, as far as they are known. */
enum veo_emu_cause {
	VEO_EMU_CAUSE_UNKNOWN = 0,
	VEO_EMU_CAUSE_SIGNAL = 1,         /* a kernel raised `signal` */
	VEO_EMU_CAUSE_STACK_OVERFLOW = 2, /* a stack of `stack_size` bytes was too small */
	VEO_EMU_CAUSE_EXIT = 3,           /* a kernel ended its process: `exit_status` */
	VEO_EMU_CAUSE_THREAD_EXIT = 4,    /* a kernel ended its thread */
	VEO_EMU_CAUSE_TIME_LIMIT = 5,     /* something took longer than `time_limit_ms` */
	VEO_EMU_CAUSE_KILLED = 6,         /* veo_emu_kill */
	VEO_EMU_CAUSE_SENT = 7,           /* `signal` was sent, by `sender` if that is not 0 */
	VEO_EMU_CAUSE_OUT_OF_MEMORY = 8,  /* the system was out of memory, it seems */
	VEO_EMU_CAUSE_BROKEN = 9,         /* it could not go on: `text` */
	VEO_EMU_CAUSE_OVERWRITTEN = 10,   /* memory around a block was overwritten: `memory` */
	VEO_EMU_CAUSE_FINDING = 11        /* a sanitizer ended it for what it found: `text` */
};

/* How blocks of VE memory are guarded against kernels that leave them. */
enum veo_emu_guard {
	VEO_EMU_GUARD_DEFAULT = 0, /* as VEO_EMU_GUARD in the environment says, else not at all */
	VEO_EMU_GUARD_OFF = 1,
	VEO_EMU_GUARD_START = 2,   /* they begin at memory that is not accessible */
	VEO_EMU_GUARD_END = 3,     /* they end there, as far as an alignment of 16 allows */
	VEO_EMU_GUARD_ZONES = 4    /* AddressSanitizer watches what is around them; never asked for */
};

/* Whether it is counted what VE machine code executes. */
enum veo_emu_profile {
	VEO_EMU_PROFILE_DEFAULT = 0, /* as VEO_EMU_PROFILE in the environment says, else not */
	VEO_EMU_PROFILE_OFF = 1,
	VEO_EMU_PROFILE_COUNT = 2    /* for veo_emu_get_statistics; it is printed at the end as well if
	                              * the environment says so */
};

/* The end of a VE process. Strings are NUL-terminated and cut to fit. */
struct veo_emu_fault {
	size_t struct_size;  /* sizeof(struct veo_emu_fault), set by the caller */
	int signal;          /* number of the signal, 0: the process exited by itself */
	int exit_status;     /* meaningful if signal is 0 */
	uint64_t address;    /* faulting address, if `has_address` */
	uint64_t pc;         /* VE address of the instruction, 0: unknown */
	uint64_t request;    /* id of the request, VEO_REQUEST_ID_INVALID: none was running */
	int context;         /* index of the context, -1: none */
	int line;            /* 0: unknown */
	char kernel[256];    /* symbol of the called kernel, "" : unknown */
	char file[1024];     /* source file, "" : unknown */
	char text[1024];     /* one sentence that says what happened */
	char function[256];  /* the function at `pc`, as its source names it, "" : unknown */
	int has_address;     /* whether the signal has an address that is known */
	int cause;           /* an enum veo_emu_cause */
	uint64_t stack_size;
	uint64_t time_limit_ms;
	pid_t sender;
	char operation[512]; /* what was going on, if that was no kernel, "" : unknown */
	char memory[512];    /* where `address` lies, as in "8 bytes past the 100 f64 allocated at
	                      * main.c:12", "" : unknown; only where memory is guarded */
	char detail[512];    /* what the machine says of it, as in "a write", "" : nothing; only of
	                      * VE machine code */
};

/* Options of a process. Zero-initialised means: all defaults. */
struct veo_emu_options {
	size_t struct_size;          /* sizeof(struct veo_emu_options), also an older one */
	const char *veorun;          /* veorun or veorun image to start, NULL: default */
	uint64_t memory;             /* bytes of VE memory of the process, 0: default */
	uint64_t time_limit_ms;      /* longest time for one request, 0: none */
	/* Receives what kernels print, NULL: the standard output and error of the
	 * program. `stream` is 1 or 2. It is called on a thread of the library. After
	 * veo_proc_destroy it is not called any more; a call that has not returned 20 seconds
	 * after it began is not waited for. */
	void (*output)(void *payload, int stream, const char *data, size_t length);
	void *output_payload;
	unsigned int omp_threads;    /* threads that OpenMP may use (VE_OMP_NUM_THREADS),
	                              * 0: as the environment says */
	const char *schedule;        /* in which order requests of several contexts start, as
	                              * VEO_EMU_SCHEDULE says it: "late", "random:7";
	                              * NULL: as the environment says */
	uint64_t guard;              /* an enum veo_emu_guard */
	const char *runtimes;        /* runtime libraries of sanitizers that kernels of the
	                              * process need, with colons; NULL: none */
	uint64_t profile;            /* an enum veo_emu_profile */
	const char *check;           /* how the memory of VE machine code is checked, as
	                              * VEO_EMU_CHECK says it: "memory", "memory-init,continue",
	                              * "off"; NULL: as the environment says */
};

/* Like veo_proc_create, with options. */
struct veo_proc_handle *veo_emu_proc_create(int ve_node_number,
					    const struct veo_emu_options *options);

/* Like veo_load_library, with a path of any length. 0, too, if the loader has a library of
 * this path that came from another file, as what another library needs. */
uint64_t veo_emu_load_library(struct veo_proc_handle *proc, const char *path);

/* Whether an address that veo_get_sym gave is that of code, and no variable's: 1 or 0, -1 if
 * it is not known. */
int veo_emu_is_code(struct veo_proc_handle *proc, uint64_t addr);

/* Why the last call of this thread failed: copies a NUL-terminated sentence,
 * returns its length without NUL, 0 if there is none. */
size_t veo_emu_last_error(char *text, size_t size);

/* The cause of the end: 0 and the report, of which at most `struct_size` bytes are
 * filled; or -1 while it lives or was closed in order. Of one that was destroyed: what
 * ended it meanwhile, as a destructor that faults does. */
int veo_emu_get_fault(struct veo_proc_handle *proc, struct veo_emu_fault *fault);

/* The finding of a sanitizer that kernels were built with, in a process that has ended, also
 * one that was destroyed: a sentence in a line, then its report. Copies a NUL-terminated text,
 * returns its length without NUL, 0 if there is none. */
size_t veo_emu_get_report(struct veo_proc_handle *proc, char *text, size_t size);

/* Declares that every argument was set with its own type and what class the
 * result has. Cleared by veo_args_clear. */
int veo_emu_args_set_result(struct veo_args *args, enum veo_emu_class result);

/* Queues a call whose arguments come all at once: `count` words, the enum veo_emu_class of
 * each in `classes`, and the class of the result. `classes` has two bits for each word, 32
 * words to a uint64_t, the first in the lowest bits. It does what veo_args_*,
 * veo_emu_args_set_result and veo_call_async do together, without stack buffers, in a
 * fraction of their time. The context must not be closed meanwhile. */
uint64_t veo_emu_call_async(struct veo_thr_ctxt *ctx, uint64_t addr, const uint64_t *words,
			    const uint64_t *classes, size_t count, enum veo_emu_class result);

/* How a request ended: an enum veo_command_state, and the value of the result. */
struct veo_emu_result {
	uint64_t value;
	int state;
};

/* Collects several results at once: waits for the first of `count` requests, at most
 * `nanoseconds` (UINT64_MAX: for ever), then takes its result and those of the ones
 * behind it that have ended too, up to the first that has not, or that has failed: only
 * whoever waits for that one gets its sentence (veo_emu_last_error). Gives how many it
 * took; 0: the first is unfinished. The context must not be closed meanwhile. */
size_t veo_emu_collect(struct veo_thr_ctxt *ctx, const uint64_t *requests, size_t count,
		       uint64_t nanoseconds, struct veo_emu_result *results);

/* Like veo_call_wait_result, but VEO_COMMAND_UNFINISHED after `nanoseconds`. */
int veo_emu_wait_result_timeout(struct veo_thr_ctxt *ctx, uint64_t request, uint64_t *result,
				uint64_t nanoseconds);

/* Gives up the result of a request: it is forgotten as soon as it is there. */
int veo_emu_discard_result(struct veo_thr_ctxt *ctx, uint64_t request);

/* How the memory of a process is guarded: an enum veo_emu_guard, -1: there is no such process. */
int veo_emu_get_guard(struct veo_proc_handle *proc);

/* Says what the block at `addr` is, which veo_alloc_mem gave: as in "100 f64 allocated at
 * main.c:12". Reports name it so. -1: no block begins there, or memory is not guarded. */
int veo_emu_describe_mem(struct veo_proc_handle *proc, uint64_t addr, const char *text);

/* Where VE memory lies in the address space of this process, for a library that reads or writes
 * it by its address: an MPI, for example. The `size` bytes from `addr` on, which
 * veo_alloc_mem gave, stay there until veo_emu_unmap_mem, also when the process has ended or was
 * destroyed; what kernels write is seen there, and the other way round. The block must not be
 * freed before. NULL: there is no such memory. */
void *veo_emu_map_mem(struct veo_proc_handle *proc, uint64_t addr, size_t size);

/* Ends one veo_emu_map_mem, which gave `place`. -1: no memory is mapped there. */
int veo_emu_unmap_mem(void *place);

/* Kills the VE process at once. */
int veo_emu_kill(struct veo_proc_handle *proc);

/* Process number of the VE process on the host, -1 if it has ended. */
pid_t veo_emu_pid(struct veo_proc_handle *proc);

/* Nodes: how many there are for this program (under a job scheduler those that it was
 * given); the memory of one in bytes; a process's node, by the node's own number, and its
 * core. */
int veo_emu_num_nodes(void);
int veo_emu_node_memory(int ve_node_number, uint64_t *total, uint64_t *available);
int veo_emu_node(struct veo_proc_handle *proc);
int veo_emu_core(struct veo_proc_handle *proc);

/* The machine code that a node runs: writes its ELF machine numbers, the preferred one first,
 * to `machines`, where there is room for `count`. Gives how many there are, -1: no such node. */
int veo_emu_machines(int ve_node_number, uint16_t *machines, size_t count);

/* The instruction counts of VE machine code in kernels of the process, where they are counted
 * (VEO_EMU_PROFILE, `profile` in the options): a line for each operation of each kernel, with
 * single spaces: the kernel's name, how often it was called, the operation, 1 if it is one on
 * vectors, else 0, how often it was executed, on how many elements, and to the end of the line the
 * path of the kernel's library, "" if it is no library's. What a library has executed stays when
 * it is unloaded, and goes on when it is loaded again. Waits for what was queued on the main
 * context. After the end of a process that its host has killed: what it had told before. Copies a
 * NUL-terminated text, returns its length without NUL, 0 if there is none. */
size_t veo_emu_get_statistics(struct veo_proc_handle *proc, char *text, size_t size);

/* When a request ran: nanoseconds of CLOCK_MONOTONIC, 0 if that is not known. */
struct veo_emu_times {
	uint64_t started;
	uint64_t ended;
};

/* Whether it is noted when requests of the process run: 0 or 1. It is not at first. -1: there is
 * no such process. */
int veo_emu_set_timed(struct veo_proc_handle *proc, int timed);

/* When these requests ran, which have ended and whose results were taken just now, or are there.
 * They are named in the order in which they were queued; those before them are forgotten. A call
 * that ended its process has a start alone. Gives for how many it has written times. The context
 * must not be closed meanwhile. */
size_t veo_emu_get_times(struct veo_thr_ctxt *ctx, const uint64_t *requests, size_t count,
			 struct veo_emu_times *times);

#ifdef __cplusplus
}
#endif
#endif
