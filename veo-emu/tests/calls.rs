//! Calls, arguments, results, memory: what a VE process usually does.

mod common;

use common::*;
use veo_abi::ffi::*;

const KERNELS: &str = r#"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
uint64_t counter = 41;
uint64_t next(void) { return ++counter; }
int64_t sub(int64_t a, int64_t b) { return a - b; }
double mix(int32_t a, double b, int64_t c, float d) { return a + b * c - d; }
float half(float x) { return x / 2; }
uint64_t deref(const uint64_t *p) { return *p; }
void fill(uint64_t *p, uint64_t n, uint64_t v) { for (uint64_t i = 0; i < n; i++) p[i] = v + i; }
int64_t inout(const int64_t *in, int64_t *out, int64_t *both) {
    *out = *in * 2; *both += *in; return *both;
}
uint64_t many(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
    uint64_t g, uint64_t h, double i, double j, double k, double l, double m, double n, double o,
    double p, double q, float r, uint64_t s) {
    return a + 2*b + 3*c + 4*d + 5*e + 6*f + 7*g + 8*h + (uint64_t)(9*i + 10*j + 11*k + 12*l
        + 13*m + 14*n + 15*o + 16*p + 17*q + 18*r) + 19*s;
}
"#;

#[test]
fn a_call_with_arguments_of_each_class() {
    let proc = Proc::new(0);
    let lib = proc.load(&compile(KERNELS));
    assert_eq!(
        proc.call(proc.sym(lib, "sub"), &Args::new().u64(0, 5).u64(1, 7)),
        (0, -2i64 as u64)
    );
    let args = Args::new()
        .u64(0, -3i64 as u64)
        .f64(1, 2.5)
        .u64(2, 4)
        .f32(3, 0.5)
        .result(VEO_EMU_CLASS_DOUBLE);
    assert_eq!(
        proc.call(proc.sym(lib, "mix"), &args),
        (0, 6.5f64.to_bits())
    );
    let args = Args::new().f32(0, 3.0).result(VEO_EMU_CLASS_FLOAT);
    let (state, word) = proc.call(proc.sym(lib, "half"), &args);
    assert_eq!((state, word), (0, u64::from(1.5f32.to_bits()) << 32));
    let mut args = Args::new();
    let mut expected = 0;
    for index in 0..8 {
        args = args.u64(index, 100 + index as u64);
        expected += (index as u64 + 1) * (100 + index as u64);
    }
    for index in 8..17 {
        args = args.f64(index, f64::from(index));
        expected += (index as u64 + 1) * index as u64;
    }
    args = args.f32(17, 7.0).u64(18, 1000);
    expected += 18 * 7 + 19 * 1000;
    assert_eq!(proc.call(proc.sym(lib, "many"), &args), (0, expected));
}

#[test]
fn queued_calls_run_in_order_and_are_collected_once() {
    let proc = Proc::new(1);
    let lib = proc.load(&compile(KERNELS));
    let next = proc.sym(lib, "next");
    let main = proc.open();
    let other = proc.open();
    for ctx in [main, other] {
        let none = Args::new();
        let ids: Vec<u64> = (0..1000).map(|_| ctx.call(next, &none)).collect();
        assert!(ids.iter().zip(ids[0]..).all(|(id, n)| *id == n));
        let values: Vec<u64> = ids.iter().map(|id| ctx.ok(*id)).collect();
        assert!(values.windows(2).all(|pair| pair[1] == pair[0] + 1));
        assert_eq!(ctx.wait(ids[7]), (VEO_COMMAND_ERROR, 0xdead_beef));
        assert_eq!(ctx.peek(5000), (VEO_COMMAND_ERROR, 0xdead_beef));
        assert_eq!(
            ctx.peek(VEO_REQUEST_ID_INVALID),
            (VEO_COMMAND_ERROR, 0xdead_beef)
        );
    }
    assert_eq!(call!(veo_context_close(other.0)), 0);
    assert_eq!(call!(veo_context_close(other.0)), -1);
    assert_eq!(call!(veo_context_close(main.0)), 0);
    assert_eq!(main.ok(main.call(next, &Args::new())), 2042);
}

#[test]
fn memory_of_the_heap_and_of_globals() {
    let proc = Proc::new(0);
    let lib = proc.load(&compile(KERNELS));
    let counter = proc.sym(lib, "counter");
    assert_eq!(proc.read::<u64>(counter, 1), [41]);
    proc.write(counter, &[99u64]);
    assert_eq!(proc.call(proc.sym(lib, "next"), &Args::new()), (0, 100));
    let block = proc.alloc(800_000);
    proc.call(
        proc.sym(lib, "fill"),
        &Args::new().u64(0, block).u64(1, 100_000).u64(2, 7),
    );
    let words = proc.read::<u64>(block, 100_000);
    assert!(
        words
            .iter()
            .enumerate()
            .all(|(n, word)| *word == n as u64 + 7)
    );
    let mut byte = 0u8;
    for address in [8, 0x7000_0000_0000, block + (1 << 40), u64::MAX - 3] {
        let result = call!(veo_read_mem(proc.0, (&raw mut byte).cast(), address, 1));
        assert_eq!(result, -1, "{address:#x}");
    }
    assert_eq!(call!(veo_free_mem(proc.0, block)), 0);
    assert_eq!(call!(veo_free_mem(proc.0, block)), -1);
}

#[test]
fn stack_buffers_go_in_and_out() {
    let proc = Proc::new(0);
    let lib = proc.load(&compile(KERNELS));
    let ctx = proc.open();
    let inout = proc.sym(lib, "inout");
    let (mut input, mut output, mut both) = ([21i64], [0i64], [100i64]);
    let args = Args::new()
        .stack(0, VEO_INTENT_IN, &mut input)
        .stack(1, VEO_INTENT_OUT, &mut output)
        .stack(2, VEO_INTENT_INOUT, &mut both);
    let id = ctx.call(inout, &args);
    assert_eq!(ctx.ok(id), 121);
    assert_eq!((input, output, both), ([21], [42], [121]));
    let mut rounds: Vec<_> = (0..2000i64).map(|n| ([n], [0i64], [3 * n])).collect();
    let ids: Vec<u64> = rounds
        .iter_mut()
        .map(|(input, output, both)| {
            let args = Args::new()
                .stack(0, VEO_INTENT_IN, input)
                .stack(1, VEO_INTENT_OUT, output)
                .stack(2, VEO_INTENT_INOUT, both);
            let id = ctx.call(inout, &args);
            // The input was copied when the call was made.
            input[0] = -1;
            id
        })
        .collect();
    for (n, id) in ids.into_iter().enumerate() {
        assert_eq!(ctx.ok(id), 4 * n as u64);
        assert_eq!(rounds[n], ([-1], [2 * n as i64], [4 * n as i64]));
    }
}

#[test]
fn transfers_keep_their_place_in_the_queue() {
    let proc = Proc::new(0);
    let lib = proc.load(&compile(KERNELS));
    let fill = proc.sym(lib, "fill");
    let _main = proc.open();
    let ctx = proc.open();
    let len = 300_000;
    let block = proc.alloc(len);
    let mut ids = Vec::new();
    let mut copies = vec![vec![0u8; len]; 4];
    for (round, copy) in copies.iter_mut().enumerate() {
        let args = Args::new()
            .u64(0, block)
            .u64(1, len as u64 / 8)
            .u64(2, round as u64);
        ids.push(ctx.call(fill, &args));
        ids.push(ctx.read(copy, block));
    }
    for id in ids {
        ctx.ok(id);
    }
    for (round, copy) in copies.iter().enumerate() {
        let words = copy
            .chunks_exact(8)
            .map(|w| u64::from_le_bytes(w.try_into().unwrap()));
        assert!(
            words
                .enumerate()
                .all(|(n, word)| word == (n + round) as u64)
        );
    }
}

#[test]
fn a_kernel_cannot_read_the_host() {
    let proc = Proc::new(0);
    let lib = proc.load(&compile(KERNELS));
    let deref = proc.sym(lib, "deref");
    // SAFETY: a fresh private mapping where the VE process has none.
    let secret = unsafe {
        libc::mmap(
            0x5000_0000_0000 as *mut _,
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    let (state, signal) = proc.call(deref, &Args::new().u64(0, secret as u64));
    assert_eq!((state, signal), (-1, libc::SIGSEGV as u64));
    let fault = proc.fault().expect("a report");
    assert_eq!(fault.address, secret as u64);
    assert_eq!(text(&fault.kernel), "deref");
    assert_eq!(call!(veo_emu_pid(proc.0)), -1);
    let again = Proc::new(0);
    let lib = again.load(&compile(KERNELS));
    assert_eq!(again.call(again.sym(lib, "next"), &Args::new()), (0, 42));
}

#[test]
fn a_kernel_asks_for_earlier_results() {
    let proc = Proc::new(0);
    let lib = proc.load(&compile(r#"
        #include <stdint.h>
        int veo_prev_req_result(int, uint64_t *);
        int veo_is_ve_addr(const void *);
        uint64_t give(uint64_t x) { return x; }
        int64_t prev(int offset) { uint64_t r; return veo_prev_req_result(offset, &r) ? -1 : (int64_t)r; }
        int is_ve(void *p) { return veo_is_ve_addr(p); }
        "#,
    ));
    let ctx = proc.open();
    let (give, prev) = (proc.sym(lib, "give"), proc.sym(lib, "prev"));
    for n in 0..300 {
        ctx.ok(ctx.call(give, &Args::new().u64(0, 1000 + n)));
    }
    let mut byte = [7u8];
    let block = proc.alloc(1);
    ctx.ok(ctx.write(block, &byte));
    let ask = |offset: i64| ctx.ok(ctx.call(prev, &Args::new().u64(0, offset as u64))) as i64;
    assert_eq!(ask(0), 0);
    // Behind the write, the allocation, and the call before.
    assert_eq!(ask(3), 1299);
    assert_eq!(ask(3), block as i64);
    assert_eq!(ask(-1), -1);
    assert_eq!(ask(1000), -1);
    // Also when everything is in flight at once, with a transfer in between.
    let ids = [
        ctx.call(give, &Args::new().u64(0, 5)),
        ctx.read(&mut byte, block),
        ctx.call(prev, &Args::new().u64(0, 1)),
        ctx.call(prev, &Args::new().u64(0, 0)),
    ];
    assert_eq!(ids.map(|id| ctx.ok(id)), [5, 0, 5, 5]);
    assert_eq!(
        proc.call(proc.sym(lib, "is_ve"), &Args::new().u64(0, 1 << 63))
            .1 as u32,
        1
    );
}

#[test]
fn large_transfers_take_several_ids() {
    let proc = Proc::new(0);
    let ctx = proc.open();
    let len = 9 << 20;
    let block = proc.alloc(len);
    let data: Vec<u8> = (0..len).map(|n| (n / 3) as u8).collect();
    let mut back = vec![0; len];
    let written = ctx.write(block, &data);
    let read = ctx.read(&mut back, block);
    assert_eq!(read, written + 5);
    assert_eq!(ctx.wait(read), (VEO_COMMAND_OK, 0));
    assert!(back == data);
    assert_eq!(ctx.wait(read - 1).0, VEO_COMMAND_ERROR);
    assert_eq!(ctx.wait(written - 3), (VEO_COMMAND_OK, 0));
    assert_eq!(ctx.wait(written).0, VEO_COMMAND_ERROR);
}

#[test]
fn further_contexts_of_libveo_need_no_variable() {
    assert!(std::env::var_os("VE_OMP_NUM_THREADS").is_none());
    let proc = Proc(call!(veo_proc_create(0)));
    assert!(proc.open().0 != proc.open().0);
}

#[test]
fn a_library_that_is_cut_short_is_refused() {
    let whole = std::fs::read(compile(KERNELS)).unwrap();
    let path = std::env::temp_dir().join(format!("libcut-{}.so", std::process::id()));
    let proc = Proc::new(0);
    let c_path = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    for len in [0, 3, 64, 1000, whole.len() / 3, whole.len() / 2] {
        std::fs::write(&path, &whole[..len]).unwrap();
        assert_eq!(call!(veo_load_library(proc.0, c_path.as_ptr())), 0, "{len}");
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(call!(veo_load_library(proc.0, c_path.as_ptr())), 0);
    assert!(last_error().contains("No such file"), "{}", last_error());
    let lib = proc.load(&compile(KERNELS));
    assert_eq!(proc.call(proc.sym(lib, "next"), &Args::new()), (0, 42));
}
