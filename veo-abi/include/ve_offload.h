/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The libveo interface, API version 16, for programs on the host (VH) that
 * drive a Vector Engine (VE). Written from a description of the interface.
 * The bindings of the Rust crates are generated from this file.
 */
#ifndef VE_OFFLOAD_H
#define VE_OFFLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "veo_hmem.h"

#define VEO_API_VERSION 16
#define VEO_SYMNAME_LEN_MAX (255)
#define VEO_MAX_NUM_ARGS (256)
#define VEO_REQUEST_ID_INVALID (~0UL)

#ifdef __cplusplus
extern "C" {
#endif

enum veo_context_state {
	VEO_STATE_UNKNOWN = 0,
	VEO_STATE_RUNNING = 1,
	VEO_STATE_SYSCALL = 2,
	VEO_STATE_BLOCKED = 3,
	VEO_STATE_EXIT = 4
};

enum veo_command_state {
	VEO_COMMAND_OK = 0,
	VEO_COMMAND_EXCEPTION = 1,
	VEO_COMMAND_ERROR = 2,
	VEO_COMMAND_UNFINISHED = 3
};

enum veo_queue_state {
	VEO_QUEUE_READY = 0,
	VEO_QUEUE_CLOSED = 1
};

enum veo_args_intent {
	VEO_INTENT_IN = 0,
	VEO_INTENT_INOUT = 1,
	VEO_INTENT_OUT = 2
};

struct veo_proc_handle;
struct veo_thr_ctxt;
struct veo_args;
struct veo_thr_ctxt_attr;

/* Version and nodes */
int veo_api_version(void);
const char *veo_version_string(void);
int veo_get_ve_arch(int ve_node_number);

/* Processes */
struct veo_proc_handle *veo_proc_create(int ve_node_number);
struct veo_proc_handle *veo_proc_create_static(int ve_node_number, const char *veorun);
int veo_proc_destroy(struct veo_proc_handle *proc);
int veo_proc_identifier(struct veo_proc_handle *proc);
void *veo_set_proc_identifier(void *addr, int proc_ident);

/* Libraries and symbols */
uint64_t veo_load_library(struct veo_proc_handle *proc, const char *path);
int veo_unload_library(struct veo_proc_handle *proc, const uint64_t library);
uint64_t veo_get_sym(struct veo_proc_handle *proc, uint64_t library, const char *name);

/* Memory */
int veo_alloc_mem(struct veo_proc_handle *proc, uint64_t *addr, const size_t size);
int veo_free_mem(struct veo_proc_handle *proc, uint64_t addr);
int veo_read_mem(struct veo_proc_handle *proc, void *dst, uint64_t src, size_t size);
int veo_write_mem(struct veo_proc_handle *proc, uint64_t dst, const void *src, size_t size);
uint64_t veo_alloc_mem_async(struct veo_thr_ctxt *ctx, const size_t size);
uint64_t veo_free_mem_async(struct veo_thr_ctxt *ctx, uint64_t addr);
uint64_t veo_async_read_mem(struct veo_thr_ctxt *ctx, void *dst, uint64_t src, size_t size);
uint64_t veo_async_write_mem(struct veo_thr_ctxt *ctx, uint64_t dst, const void *src, size_t size);

/* Contexts */
struct veo_thr_ctxt *veo_context_open(struct veo_proc_handle *proc);
struct veo_thr_ctxt *veo_context_open_with_attr(struct veo_proc_handle *proc,
						struct veo_thr_ctxt_attr *attr);
int veo_context_close(struct veo_thr_ctxt *ctx);
int veo_get_context_state(struct veo_thr_ctxt *ctx);
void veo_context_sync(struct veo_thr_ctxt *ctx);
int veo_num_contexts(struct veo_proc_handle *proc);
struct veo_thr_ctxt *veo_get_context(struct veo_proc_handle *proc, int index);
struct veo_thr_ctxt_attr *veo_alloc_thr_ctxt_attr(void);
int veo_free_thr_ctxt_attr(struct veo_thr_ctxt_attr *attr);
int veo_set_thr_ctxt_stacksize(struct veo_thr_ctxt_attr *attr, size_t size);
int veo_get_thr_ctxt_stacksize(struct veo_thr_ctxt_attr *attr, size_t *size);

/* Arguments */
struct veo_args *veo_args_alloc(void);
void veo_args_clear(struct veo_args *args);
void veo_args_free(struct veo_args *args);
int veo_args_set_i64(struct veo_args *args, int index, int64_t value);
int veo_args_set_u64(struct veo_args *args, int index, uint64_t value);
int veo_args_set_i32(struct veo_args *args, int index, int32_t value);
int veo_args_set_u32(struct veo_args *args, int index, uint32_t value);
int veo_args_set_i16(struct veo_args *args, int index, int16_t value);
int veo_args_set_u16(struct veo_args *args, int index, uint16_t value);
int veo_args_set_i8(struct veo_args *args, int index, int8_t value);
int veo_args_set_u8(struct veo_args *args, int index, uint8_t value);
int veo_args_set_double(struct veo_args *args, int index, double value);
int veo_args_set_float(struct veo_args *args, int index, float value);
int veo_args_set_stack(struct veo_args *args, enum veo_args_intent intent, int index,
		       char *buffer, size_t length);
int veo_args_set_hmem(struct veo_args *args, int index, void *addr);

/* Calls */
int veo_call_sync(struct veo_proc_handle *proc, uint64_t addr, struct veo_args *args,
		  uint64_t *result);
uint64_t veo_call_async(struct veo_thr_ctxt *ctx, uint64_t addr, struct veo_args *args);
uint64_t veo_call_async_by_name(struct veo_thr_ctxt *ctx, uint64_t library, const char *name,
				struct veo_args *args);
uint64_t veo_call_async_vh(struct veo_thr_ctxt *ctx, uint64_t (*func)(void *), void *arg);
int veo_call_peek_result(struct veo_thr_ctxt *ctx, uint64_t request, uint64_t *result);
int veo_call_wait_result(struct veo_thr_ctxt *ctx, uint64_t request, uint64_t *result);
void veo_req_block_begin(struct veo_thr_ctxt *ctx);
void veo_req_block_end(struct veo_thr_ctxt *ctx);

/* Heterogeneous memory: pointers that carry the process they belong to */
int veo_alloc_hmem(struct veo_proc_handle *proc, void **addr, const size_t size);
int veo_free_hmem(void *addr);
int veo_hmemcpy(void *dst, const void *src, size_t size);
int veo_get_venum_from_hmem(const void *addr);
pid_t veo_get_pid_from_hmem(const void *addr);
struct veo_proc_handle *veo_get_proc_handle_from_hmem(const void *addr);

/* Hooks that run after the allocation and release functions */
void veo_register_hook(void *func, void (*hook)(void *, ...), void *payload);
void *veo_get_hook(void *func);
void veo_unregister_hook(void *func);
void veo_register_hmem_hook_functions(void (*alloc)(void *, size_t), void (*free)(uint64_t));
void veo_unregister_hmem_hook_functions(void);

#ifdef __cplusplus
}
#endif
#endif
