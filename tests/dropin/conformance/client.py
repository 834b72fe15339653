"""The drop-in library in a foreign program that loads it: python's ctypes.

Arguments: the library, the directory of the kernel libraries.
"""

import ctypes
import os
import struct
import sys
import threading
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint64, c_void_p

INVALID = 2**64 - 1


def library(path):
    veo = ctypes.CDLL(path)
    signatures = {
        "veo_api_version": (c_int, []),
        "veo_version_string": (c_char_p, []),
        "veo_proc_create": (c_void_p, [c_int]),
        "veo_proc_destroy": (c_int, [c_void_p]),
        "veo_load_library": (c_uint64, [c_void_p, c_char_p]),
        "veo_get_sym": (c_uint64, [c_void_p, c_uint64, c_char_p]),
        "veo_context_open": (c_void_p, [c_void_p]),
        "veo_context_close": (c_int, [c_void_p]),
        "veo_args_alloc": (c_void_p, []),
        "veo_args_free": (None, [c_void_p]),
        "veo_args_set_u64": (c_int, [c_void_p, c_int, c_uint64]),
        "veo_args_set_stack": (c_int, [c_void_p, c_int, c_int, c_void_p, c_size_t]),
        "veo_call_async": (c_uint64, [c_void_p, c_uint64, c_void_p]),
        "veo_call_wait_result": (c_int, [c_void_p, c_uint64, POINTER(c_uint64)]),
        "veo_alloc_mem": (c_int, [c_void_p, POINTER(c_uint64), c_size_t]),
        "veo_free_mem": (c_int, [c_void_p, c_uint64]),
        "veo_write_mem": (c_int, [c_void_p, c_uint64, c_void_p, c_size_t]),
        "veo_read_mem": (c_int, [c_void_p, c_void_p, c_uint64, c_size_t]),
        "veo_register_hook": (None, [c_void_p, c_void_p, c_void_p]),
        "veo_unregister_hook": (None, [c_void_p]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(veo, name)
        function.restype = result
        function.argtypes = arguments
    return veo


def call(veo, ctx, address, *words, buffers=()):
    args = veo.veo_args_alloc()
    for index, word in enumerate(words):
        if isinstance(word, float):
            word = struct.unpack("<Q", struct.pack("<d", word))[0]
        assert veo.veo_args_set_u64(args, index, word) == 0
    for index, intent, buffer in buffers:
        assert veo.veo_args_set_stack(args, intent, index, buffer, len(buffer)) == 0
    request = veo.veo_call_async(ctx, address, args)
    veo.veo_args_free(args)
    assert request != INVALID
    return request


def wait(veo, ctx, request):
    result = c_uint64()
    assert veo.veo_call_wait_result(ctx, request, byref(result)) == 0
    return result.value


def main():
    veo = library(sys.argv[1])
    assert veo.veo_api_version() == 16
    proc = veo.veo_proc_create(0)
    assert proc
    kernels = veo.veo_load_library(proc, os.path.join(sys.argv[2], "libkernels.so").encode())
    assert kernels

    def sym(name):
        address = veo.veo_get_sym(proc, kernels, name.encode())
        assert address, name
        return address

    ctx = veo.veo_context_open(proc)
    assert wait(veo, ctx, call(veo, ctx, sym("add"), 40, 2)) == 42
    word = wait(veo, ctx, call(veo, ctx, sym("sum_doubles"), 0.5, 0.25))
    assert struct.unpack("<d", struct.pack("<Q", word))[0] == 0.75

    text = ctypes.create_string_buffer(b"abc", 3)
    wait(veo, ctx, call(veo, ctx, sym("increment_bytes"), 0, 3, buffers=[(0, 1, text)]))
    assert text.raw == b"bcd", text.raw

    # A hook of the allocation, written in python.
    seen = []
    hook_type = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, POINTER(c_uint64), c_size_t)
    hook = hook_type(lambda payload, p, address, size: seen.append((payload, p, address[0], size)))
    alloc = ctypes.cast(veo.veo_alloc_mem, c_void_p)
    veo.veo_register_hook(alloc, ctypes.cast(hook, c_void_p), 0x77)
    address = c_uint64()
    assert veo.veo_alloc_mem(proc, byref(address), 8000) == 0
    veo.veo_unregister_hook(alloc)
    assert seen == [(0x77, proc, address.value, 8000)], seen
    values = (c_uint64 * 1000)(*range(1000))
    assert veo.veo_write_mem(proc, address, values, 8000) == 0
    assert wait(veo, ctx, call(veo, ctx, sym("sum"), address.value, 1000)) == 499500

    # Python's own threads, all on one context.
    results = {}

    def work(number):
        results[number] = wait(veo, ctx, call(veo, ctx, sym("echo"), number))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: n for n in range(20)}, results

    result = c_uint64()
    request = call(veo, ctx, sym("fault_segv"))
    assert veo.veo_call_wait_result(ctx, request, byref(result)) == 1
    assert result.value == 11
    assert veo.veo_context_close(ctx) == 0
    assert veo.veo_proc_destroy(proc) == 0
    # Told apart from a second start of this very program.
    print("once")


if __name__ == "__main__":
    main()
