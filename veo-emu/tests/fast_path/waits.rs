//! Results are waited for and collected from anywhere: behind and inside host functions,
//! inside and outside of blocks, by many threads at once, when the process ends.

use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use veo_abi::ffi::*;

use crate::common::*;
use crate::{KERNELS, UNKNOWN, call_fast_path, collect, ends, give, sync};

#[test]
fn ended_requests_are_collected_whatever_lies_between() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    // Memory is read beside the main context.
    let (_main, ctx) = (proc.open(), proc.open());
    let (function, store) = (proc.sym(library, "give"), proc.sym(library, "store"));
    let place = proc.alloc(8);
    let ok = |value| (VEO_COMMAND_OK, value);
    let pick = |ids: &[u64], places: &[usize]| -> Vec<u64> {
        places.iter().map(|place| ids[*place]).collect()
    };
    for looked in [false, true] {
        proc.write(place, &[0u64]);
        let ids: Vec<u64> = (0..6).map(|n| give(ctx, function, 100 + n)).collect();
        let classes = [VEO_EMU_CLASS_INTEGER as u8; 2];
        let last = call_fast_path(ctx, store, &[place, 1], &classes);
        while proc.read::<u64>(place, 1) == [0] {
            thread::yield_now();
        }
        // All have ended, and nobody may have looked for a result.
        if looked {
            assert_eq!(ctx.peek(last), ok(1));
        }
        assert_eq!(
            collect(ctx, &pick(&ids, &[0, 2, 5])),
            [ok(100), ok(102), ok(105)]
        );
        assert_eq!(
            collect(ctx, &pick(&ids, &[4, 1, 3])),
            [ok(104), ok(101), ok(103)]
        );
        if !looked {
            assert_eq!(ctx.ok(last), 1);
        }
        for id in ids
            .into_iter()
            .chain([last, 0, u64::MAX, u64::MAX - 1, 1 << 60, last + 1000])
        {
            assert_eq!(collect(ctx, &[id]), [(VEO_COMMAND_ERROR, 0)]);
            assert_eq!((ctx.wait(id), ctx.peek(id)), (UNKNOWN, UNKNOWN));
        }
    }
}

/// Waits for an earlier and for a later request of the context it runs in.
struct Waiter {
    ctx: Ctx,
    earlier: u64,
    later: AtomicU64,
    found: [AtomicU64; 4],
}

unsafe extern "C" fn wait_inside(waiter: *mut c_void) -> u64 {
    // SAFETY: the test passes its waiter, which it keeps until the request has ended.
    let waiter = unsafe { &*waiter.cast::<Waiter>() };
    while waiter.later.load(Ordering::Acquire) == 0 {
        thread::yield_now();
    }
    let later = waiter.later.load(Ordering::Acquire);
    let (state, word) = waiter.ctx.wait(later);
    waiter.found[0].store(u64::from(state), Ordering::Relaxed);
    waiter.found[1].store(word, Ordering::Relaxed);
    waiter.found[2].store(
        collect(waiter.ctx, &[later]).len() as u64,
        Ordering::Relaxed,
    );
    waiter.found[3].store(waiter.ctx.ok(waiter.earlier), Ordering::Relaxed);
    9
}

#[test]
fn a_host_function_does_not_wait_for_what_is_behind_it() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let (ctx, function) = (proc.open(), proc.sym(library, "give"));
    ends(move || {
        let _proc = &proc;
        for round in 0..20 {
            let waiter = Waiter {
                ctx,
                earlier: give(ctx, function, round),
                later: AtomicU64::new(0),
                found: [const { AtomicU64::new(77) }; 4],
            };
            let place = (&raw const waiter).cast_mut().cast();
            let id = call!(veo_call_async_vh(ctx.0, Some(wait_inside), place));
            let later = give(ctx, function, 1000 + round);
            waiter.later.store(later, Ordering::Release);
            assert_eq!(ctx.ok(id), 9);
            assert_eq!(
                waiter.found.map(AtomicU64::into_inner),
                [u64::from(u32::MAX), 0xdead_beef, 0, round]
            );
            assert_eq!(ctx.ok(later), 1000 + round);
        }
    });
}

#[test]
fn a_waiting_thread_is_woken_by_the_end_of_its_call() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let (ctx, nap) = (proc.open(), proc.sym(library, "nap"));
    let waits = (0..20).map(|_| {
        let id = give(ctx, nap, 499);
        let start = Instant::now();
        assert_eq!(ctx.ok(id), 499);
        start.elapsed()
    });
    // Sleepers look around twice a second anyway; however busy the machine is, not every
    // one of these waits takes as long.
    assert!(waits.min() < Some(Duration::from_millis(400)));
}

#[test]
fn a_forked_child_neither_calls_nor_collects() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let (ctx, function) = (proc.open(), proc.sym(library, "give"));
    let id = give(ctx, function, 1);
    // SAFETY: the child calls nothing but what is tested, which takes no lock that
    // another thread may have held, and leaves.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let call = call_fast_path(ctx, function, &[2], &[VEO_EMU_CLASS_INTEGER as u8]);
        let mut result = veo_emu_result { value: 0, state: 0 };
        let taken = call!(veo_emu_collect(ctx.0, &id, 1, u64::MAX, &mut result));
        let right = call == VEO_REQUEST_ID_INVALID && taken == 0;
        // SAFETY: ends the child.
        unsafe { libc::_exit(i32::from(!right)) };
    }
    let mut status = -1;
    // SAFETY: the status is valid for writing.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0);
    assert_eq!((ctx.ok(id), ctx.ok(give(ctx, function, 3))), (1, 3));
}

/// Runs until the second word is set, and sets the first when it begins.
unsafe extern "C" fn gate(words: *mut c_void) -> u64 {
    // SAFETY: the test passes its words, which it keeps until the request has ended.
    let [began, released] = unsafe { &*words.cast::<[AtomicU64; 2]>() };
    began.store(1, Ordering::Release);
    while released.load(Ordering::Acquire) == 0 {
        thread::yield_now();
    }
    8
}

#[test]
fn a_call_waits_for_the_host_function_before_it() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let (ctx, function) = (proc.open(), proc.sym(library, "give"));
    let words = [const { AtomicU64::new(0) }; 2];
    let id = call!(veo_call_async_vh(
        ctx.0,
        Some(gate),
        (&raw const words).cast_mut().cast()
    ));
    while words[0].load(Ordering::Acquire) == 0 {
        thread::yield_now();
    }
    let later = give(ctx, function, 6);
    // The time that it would take if it did not wait.
    thread::sleep(Duration::from_millis(20));
    let early = ctx.peek(later);
    words[1].store(1, Ordering::Release);
    assert_eq!(
        (early.0, ctx.ok(id), ctx.ok(later)),
        (VEO_COMMAND_UNFINISHED, 8, 6)
    );
}

#[test]
fn a_block_keeps_the_calls_of_other_threads_out() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let (ctx, function) = (proc.open(), proc.sym(library, "give"));
    let block = || {
        let (enter, entered) = mpsc::channel();
        let other = thread::spawn(move || {
            entered.recv().unwrap();
            give(ctx, function, 5)
        });
        call!(veo_req_block_begin(ctx.0));
        enter.send(()).unwrap();
        let ids: Vec<u64> = (0..20)
            .map(|n| {
                thread::sleep(Duration::from_millis(1));
                let id = give(ctx, function, n);
                assert_eq!(ctx.ok(id), n);
                id
            })
            .collect();
        assert!(!other.is_finished(), "it waits for the end of the block");
        call!(veo_req_block_end(ctx.0));
        (ids, other.join().unwrap())
    };
    let (ids, other) = block();
    assert_eq!(ids, (ids[0]..ids[0] + 20).collect::<Vec<_>>());
    assert_eq!((other, ctx.ok(other)), (ids[0] + 20, 5));
}

#[test]
fn one_of_many_waiters_has_the_result_and_the_others_are_told() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let (ctx, nap) = (proc.open(), proc.sym(library, "nap"));
    ends(move || {
        let _proc = &proc;
        for round in 0..100u64 {
            let ids: Vec<u64> = (0..4).map(|n| give(ctx, nap, 300 * round + n)).collect();
            let (ids, found) = (&ids, &AtomicU64::new(0));
            thread::scope(|scope| {
                for thread in 0..6 {
                    scope.spawn(move || {
                        // From either end.
                        for n in 0..4u64 {
                            let n = if thread % 2 == 0 { n } else { 3 - n };
                            match ctx.wait(ids[n as usize]) {
                                UNKNOWN => {}
                                (VEO_COMMAND_OK, word) => {
                                    assert_eq!(word, 300 * round + n);
                                    found.fetch_add(1 << (8 * n), Ordering::Relaxed);
                                }
                                other => panic!("{other:?}"),
                            }
                        }
                    });
                }
                scope.spawn(move || sync(ctx));
            });
            assert_eq!(found.load(Ordering::Relaxed), 0x0101_0101);
        }
    });
}

#[test]
fn the_end_of_the_process_ends_every_wait() {
    for round in 0..6 {
        let proc = Proc::new(0);
        let library = proc.load(&compile(KERNELS));
        let (hold, function) = (proc.sym(library, "hold"), proc.sym(library, "give"));
        let ctx = proc.open();
        let first = give(ctx, hold, 1);
        let count = [1, 3, 300][round % 3];
        let ids: Vec<u64> = (0..count).map(|n| give(ctx, function, n)).collect();
        ends(move || {
            let (ids, proc) = (&ids, &proc);
            thread::scope(|scope| {
                for place in [0, 0, ids.len() / 2, ids.len() - 1] {
                    scope.spawn(move || assert_ne!(ctx.wait(ids[place]).0, VEO_COMMAND_OK));
                    scope.spawn(move || {
                        assert_ne!(collect(ctx, &ids[place..])[0].0, VEO_COMMAND_OK)
                    });
                }
                scope.spawn(move || sync(ctx));
                scope.spawn(move || assert_ne!(ctx.wait(first).0, VEO_COMMAND_OK));
                // Some of them spin, some sleep.
                thread::sleep(Duration::from_millis(if round < 3 { 0 } else { 20 }));
                assert_eq!(call!(veo_emu_kill(proc.0)), 0);
            });
        });
    }
}

/// A thread keeps one sentence about a failure, so one collection must not give two failures.
#[test]
fn each_failed_request_gets_its_own_reason() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let (ctx, function) = (proc.open(), proc.sym(library, "give"));
    // Nothing is mapped at this address.
    let ids = [
        ctx.write(8, &[1]),
        give(ctx, function, 5),
        ctx.write(16, &[2]),
        give(ctx, function, 6),
    ];
    sync(ctx);
    let (failed, of) = ((VEO_COMMAND_ERROR, 0), |id, place| {
        format!("request {id}: 1 bytes at VE address {place} are not mapped")
    });
    assert_eq!(collect(ctx, &ids), [failed, (VEO_COMMAND_OK, 5)]);
    let reason = last_error();
    assert!(reason.contains(&of(ids[0], "0x8")), "{reason}");
    assert_eq!(collect(ctx, &ids[2..]), [failed, (VEO_COMMAND_OK, 6)]);
    let reason = last_error();
    assert!(reason.contains(&of(ids[2], "0x10")), "{reason}");
}
