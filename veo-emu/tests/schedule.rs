//! The order in which requests start with a schedule: it is the one drawn from the seed, it keeps
//! what libveo promises, and programs come to their end.

mod common;

use std::collections::BTreeSet;
use std::ffi::{CString, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{Args, Ctx, Proc, call, compile};
use veo_abi::ffi::*;

/// Kernels that write down in which order they ran.
const KERNELS: &str = r#"
    #include <stdint.h>
    #include <unistd.h>
    static int64_t log_[4096];
    static int64_t count;
    int64_t note(int64_t what) { return log_[count++ % 4096] = what; }
    int64_t noted(void) { return count; }
    int64_t look(int64_t at) { return log_[at]; }
    static volatile int64_t turn;
    int64_t ping(int64_t mine, int64_t rounds) {
        for (int64_t i = 0; i < rounds; i++) {
            while (turn != mine) usleep(50);
            turn = 1 - mine;
        }
        return mine;
    }
    int64_t spin_ping(int64_t mine, int64_t rounds) {
        for (int64_t i = 0; i < rounds; i++) {
            while (turn != mine) {}
            turn = 1 - mine;
        }
        return mine;
    }
    int64_t add(int64_t *x, int64_t n) { return *x += n; }
"#;

/// A process whose requests start in the order that `schedule` says.
struct Node {
    proc: Proc,
    library: u64,
}

impl Node {
    fn new(schedule: &str) -> Node {
        let schedule = CString::new(schedule).unwrap();
        let proc = Proc::with(0, |options| options.schedule = schedule.as_ptr());
        let library = proc.load(&compile(KERNELS));
        Node { proc, library }
    }

    fn sym(&self, name: &str) -> u64 {
        self.proc.sym(self.library, name)
    }

    /// The notes of the kernels.
    fn order(&self) -> Vec<u64> {
        let (noted, look) = (self.sym("noted"), self.sym("look"));
        let count = self.proc.call(noted, &Args::new()).1;
        let at = |index| self.proc.call(look, &Args::new().u64(0, index)).1;
        (0..count).map(at).collect()
    }
}

/// Three contexts with four calls each, numbered by context and call; waits for the ones of
/// `awaited`. Gives the order in which they ran, those after the wait too.
fn twelve(schedule: &str, awaited: usize) -> (Vec<u64>, usize) {
    let node = Node::new(schedule);
    let note = node.sym("note");
    let contexts: Vec<Ctx> = (0..3).map(|_| node.proc.open()).collect();
    let mut last = [0; 3];
    for call in 0..4 {
        for (context, last) in last.iter_mut().enumerate() {
            let what = context as u64 * 10 + call;
            *last = contexts[context].call(note, &Args::new().u64(0, what));
        }
    }
    contexts[awaited].ok(last[awaited]);
    let seen = node.order().len();
    for (context, id) in contexts.iter().zip(last) {
        if context.0 != contexts[awaited].0 {
            context.ok(id);
        }
    }
    (node.order(), seen)
}

fn is_in_order(order: &[u64]) -> bool {
    (0..3).all(|context| {
        let of = order.iter().filter(|what| *what / 10 == context);
        of.copied().eq((0..4).map(|call| context * 10 + call))
    })
}

#[test]
fn late_starts_what_is_waited_for_and_nothing_else() {
    // The main context does not count: the kernel that reads the order runs there.
    for awaited in [1, 2] {
        let (order, seen) = twelve("late", awaited);
        let first = awaited as u64 * 10;
        let expected: Vec<u64> = (first..first + 4).chain(0..4).collect();
        assert_eq!(
            order[..8],
            expected,
            "what was waited for, then the main context"
        );
        assert_eq!(seen, 8);
        assert!(is_in_order(&order), "{order:?}");
    }
}

#[test]
fn each_seed_keeps_the_order_of_each_context() {
    let mut orders = BTreeSet::new();
    for seed in 0..20 {
        let (order, _) = twelve(&format!("random:{seed}"), 0);
        assert_eq!(order.len(), 12);
        assert!(is_in_order(&order), "{order:?}");
        orders.insert(order);
    }
    assert!(orders.len() > 15, "seeds give different orders: {orders:?}");
}

#[test]
fn some_seed_gives_each_order_that_is_possible() {
    let mut orders = BTreeSet::new();
    for seed in 0..100 {
        let node = Node::new(&format!("random:{seed}"));
        let note = node.sym("note");
        let [main, one, two] = [(); 3].map(|()| node.proc.open());
        for call in 0..2 {
            one.call(note, &Args::new().u64(0, 10 + call));
            two.call(note, &Args::new().u64(0, 20 + call));
        }
        let after = main.call(note, &Args::new().u64(0, 1));
        main.ok(after);
        call!(veo_context_sync(one.0));
        call!(veo_context_sync(two.0));
        let order = node.order();
        assert_eq!(order.len(), 5);
        orders.insert(order);
    }
    // Two pairs in order can be mixed in 6 ways; the fifth place makes it 30.
    assert!(
        orders.len() >= 24,
        "{} of 30 orders: {orders:?}",
        orders.len()
    );
}

/// A program with calls, transfers, waits in any order, host functions, on one thread.
fn mixed(seed: u64) -> (Vec<u64>, u64) {
    unsafe extern "C" fn function(argument: *mut c_void) -> u64 {
        argument as u64
    }
    let node = Node::new(&format!("random:{seed}"));
    let (note, add) = (node.sym("note"), node.sym("add"));
    let [main, one, two] = [(); 3].map(|()| node.proc.open());
    let x = node.proc.alloc(8);
    node.proc.write(x, &[1u64]);
    let mut read = [0; 8];
    let mut ids = Vec::new();
    for round in 0..3 {
        ids.push((one, one.call(note, &Args::new().u64(0, 10 + round))));
        ids.push((two, two.write(x, &(100 * round).to_ne_bytes())));
        ids.push((two, two.call(note, &Args::new().u64(0, 20 + round))));
        ids.push((one, one.call(add, &Args::new().u64(0, x).u64(1, round))));
        let id = call!(veo_call_async_vh(
            two.0,
            Some(function),
            std::ptr::null_mut()
        ));
        ids.push((two, id));
        ids.push((main, main.call(note, &Args::new().u64(0, round))));
        let (ctx, id) = ids.remove(round as usize * 2);
        ctx.ok(id);
        node.proc.read::<u64>(x, 1);
    }
    let last = one.read(&mut read, x);
    ids.push((one, last));
    for (ctx, id) in ids.into_iter().rev() {
        ctx.ok(id);
    }
    (node.order(), u64::from_ne_bytes(read))
}

/// The number of runs in which one seed must give one order.
fn repeats() -> usize {
    match std::env::var("VEO_TEST_LONG") {
        Ok(_) => 1000,
        Err(_) => 100,
    }
}

#[test]
fn one_seed_gives_one_order() {
    let expected = mixed(7);
    assert_eq!(expected.0.len(), 9);
    assert!((0..20).any(|seed| mixed(seed) != expected), "all are equal");
    for repeat in 0..repeats() {
        assert_eq!(mixed(7), expected, "run {repeat}");
    }
}

#[test]
fn kernels_that_wait_for_each_other_go_on() {
    for schedule in ["late", "random:1", "random:2"] {
        for kernel in ["ping", "spin_ping"] {
            let node = Node::new(schedule);
            let ping = node.sym(kernel);
            let (one, two) = (node.proc.open(), node.proc.open());
            let begin = Instant::now();
            let first = one.call(ping, &Args::new().u64(0, 0).u64(1, 20));
            let second = two.call(ping, &Args::new().u64(0, 1).u64(1, 20));
            assert_eq!((one.ok(first), two.ok(second)), (0, 1));
            let took = begin.elapsed();
            assert!(took < Duration::from_secs(20), "{schedule}: {took:?}");
        }
    }
}

#[test]
fn requests_that_nobody_waits_for_start_after_a_while() {
    for schedule in ["late", "random:3"] {
        let node = Node::new(schedule);
        let (note, noted) = (node.sym("note"), node.sym("noted"));
        let contexts = [(); 3].map(|()| node.proc.open());
        for ctx in contexts {
            ctx.call(note, &Args::new().u64(0, 5));
        }
        let begin = Instant::now();
        thread::sleep(Duration::from_millis(500));
        // Reading the order is a request, too, which may overtake others.
        while node.proc.call(noted, &Args::new()).1 < 3 {
            assert!(begin.elapsed() < Duration::from_secs(20));
        }
    }
}

/// Submits again and again, with pauses that are shorter than any that the schedule waits for, until
/// `done`, or for twenty seconds at most. Gives whether it was done.
fn submit_without_end(done: &AtomicBool, submit: impl Fn()) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(20) {
        if done.load(Ordering::Acquire) {
            return true;
        }
        submit();
        thread::sleep(Duration::from_micros(100));
    }
    false
}

#[test]
fn a_waiting_thread_comes_back_while_another_submits_without_end() {
    for schedule in ["late", "random:11"] {
        let node = Node::new(schedule);
        let note = node.sym("note");
        let [_, one, two] = [(); 3].map(|()| node.proc.open());
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let call = |round| two.call(note, &Args::new().u64(0, round));
            let calls: Vec<u64> = (0..100).map(call).collect();
            let done = &done;
            scope.spawn(move || {
                for (round, id) in (0..).zip(calls) {
                    assert_eq!(two.ok(id), round);
                }
                done.store(true, Ordering::Release);
            });
            let submit = || {
                one.call(note, &Args::new().u64(0, 5));
            };
            assert!(submit_without_end(done, submit), "{schedule}");
        });
    }
}

#[test]
fn requests_that_nobody_waits_for_start_while_the_program_submits() {
    unsafe extern "C" fn set(flag: *mut c_void) -> u64 {
        // SAFETY: the flag that was given outlives the process.
        unsafe { &*flag.cast::<AtomicBool>() }.store(true, Ordering::Release);
        0
    }
    for schedule in ["late", "random:12"] {
        let done = AtomicBool::new(false);
        let node = Node::new(schedule);
        let note = node.sym("note");
        let [_, one, two] = [(); 3].map(|()| node.proc.open());
        let flag = (&raw const done).cast_mut().cast();
        call!(veo_call_async_vh(two.0, Some(set), flag));
        let submit = || {
            one.call(note, &Args::new().u64(0, 5));
        };
        assert!(submit_without_end(&done, submit), "{schedule}");
    }
}

#[test]
fn a_program_that_looks_at_memory_until_it_changes_comes_to_its_end() {
    let node = Node::new("late");
    let (add, two) = (node.sym("add"), [(); 2].map(|()| node.proc.open())[1]);
    let x = node.proc.alloc(8);
    node.proc.write(x, &[0u64]);
    two.call(add, &Args::new().u64(0, x).u64(1, 3));
    let mut looks = 0;
    while node.proc.read::<u64>(x, 1) == [0] {
        looks += 1;
        assert!(looks < 1000);
    }
    assert!(looks >= 50, "it was as late as can be: {looks}");
}

#[test]
fn a_program_that_peeks_comes_to_its_end() {
    for schedule in ["late", "random:4"] {
        let node = Node::new(schedule);
        let note = node.sym("note");
        let [_, one, two] = [(); 3].map(|()| node.proc.open());
        let begin = Instant::now();
        for round in 0..20 {
            one.call(note, &Args::new().u64(0, 1));
            let id = two.call(note, &Args::new().u64(0, round));
            assert_eq!(two.peek(id).0, VEO_COMMAND_UNFINISHED, "nothing has begun");
            let value = loop {
                match two.peek(id) {
                    (VEO_COMMAND_UNFINISHED, _) => {}
                    ended => break ended,
                }
            };
            assert_eq!(value, (VEO_COMMAND_OK, round));
        }
        assert!(begin.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn stack_data_and_large_transfers_keep_their_order() {
    for schedule in ["late", "random:5", "random:6"] {
        let node = Node::new(schedule);
        let add = node.sym("add");
        let [_, one, two] = [(); 3].map(|()| node.proc.open());
        let mut sums = [[0i64]; 8];
        let mut ids = Vec::new();
        for (n, sum) in sums.iter_mut().enumerate() {
            let ctx = if n % 2 == 0 { one } else { two };
            let args = Args::new()
                .stack(0, VEO_INTENT_INOUT, sum)
                .u64(1, n as u64 + 1);
            ids.push((ctx, ctx.call(add, &args)));
        }
        let len = 9 << 20;
        let address = node.proc.alloc(len);
        let data: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        let mut back = vec![0; len];
        one.write(address, &data);
        let read = one.read(&mut back, address);
        one.ok(read);
        for (ctx, id) in ids.into_iter().rev() {
            ctx.ok(id);
        }
        assert!(back == data);
        let sums: Vec<i64> = sums.iter().map(|sum| sum[0]).collect();
        assert_eq!(sums, [1, 2, 3, 4, 5, 6, 7, 8]);
    }
}

#[test]
fn contexts_close_and_processes_end_with_everything_done() {
    for schedule in ["late", "random:8"] {
        let node = Node::new(schedule);
        let add = node.sym("add");
        let [_, one, two] = [(); 3].map(|()| node.proc.open());
        let x = node.proc.alloc(8);
        node.proc.write(x, &[0u64]);
        for n in 1..5 {
            one.call(add, &Args::new().u64(0, x).u64(1, n));
            two.call(add, &Args::new().u64(0, x).u64(1, 10 * n));
        }
        assert_eq!(call!(veo_context_close(one.0)), 0);
        assert_eq!(call!(veo_context_close(two.0)), 0);
        assert_eq!(node.proc.read::<u64>(x, 1), [110]);
        let three = node.proc.open();
        for _ in 0..10 {
            three.call(add, &Args::new().u64(0, x).u64(1, 1));
        }
        // Dropped with ten requests that nobody waits for.
    }
}

#[test]
fn threads_of_the_host_that_wait_at_the_same_time_all_come_back() {
    for schedule in ["late", "random:9"] {
        let node = Node::new(schedule);
        let add = node.sym("add");
        let _main = node.proc.open();
        thread::scope(|scope| {
            for n in 0..4u64 {
                let (ctx, node) = (node.proc.open(), &node);
                scope.spawn(move || {
                    let x = node.proc.alloc(8);
                    node.proc.write(x, &[n]);
                    for _ in 0..50 {
                        let id = ctx.call(add, &Args::new().u64(0, x).u64(1, 2));
                        ctx.ok(id);
                    }
                    assert_eq!(node.proc.read::<u64>(x, 1), [n + 100]);
                });
            }
        });
    }
}

#[test]
fn an_order_that_there_is_not_is_refused() {
    for wrong in ["early", "random", "random:x", ""] {
        let schedule = CString::new(wrong).unwrap();
        // SAFETY: all bits zero are a valid value of each field: none.
        let mut options: veo_emu_options = unsafe { std::mem::zeroed() };
        options.struct_size = size_of::<veo_emu_options>();
        options.schedule = schedule.as_ptr();
        assert!(call!(veo_emu_proc_create(0, &options)).is_null());
        let error = common::last_error();
        for part in [&format!("{wrong:?}"), "`late`", "random:7"] {
            assert!(error.contains(part), "{error}");
        }
    }
}

#[test]
fn a_crowd_of_requests_goes_on_in_batches() {
    for schedule in ["late", "random:10"] {
        let node = Node::new(schedule);
        let add = node.sym("add");
        let [_, one, two] = [(); 3].map(|()| node.proc.open());
        let x = node.proc.alloc(16);
        node.proc.write(x, &[0u64, 0]);
        let mut last = [0; 2];
        for n in 0..3000 {
            last[0] = one.call(add, &Args::new().u64(0, x).u64(1, 1));
            last[1] = two.call(add, &Args::new().u64(0, x + 8).u64(1, n));
        }
        assert_eq!(one.ok(last[0]), 3000);
        assert_eq!(two.ok(last[1]), 2999 * 1500);
    }
}

#[test]
fn a_kernel_in_a_crowd_behind_a_copy_may_wait_for_another_context() {
    static ZERO: [u8; 8] = [0; 8];
    for schedule in ["late", "random:1"] {
        for kernel in ["ping", "spin_ping"] {
            let node = Node::new(schedule);
            let ping = node.sym(kernel);
            let [_, one, two] = [(); 3].map(|()| node.proc.open());
            let x = node.proc.alloc(8);
            let mut last = [0; 2];
            for _ in 0..40 {
                for (mine, (ctx, last)) in (0..).zip([one, two].iter().zip(&mut last)) {
                    ctx.write(x, &ZERO);
                    *last = ctx.call(ping, &Args::new().u64(0, mine).u64(1, 1));
                }
            }
            assert_eq!((one.ok(last[0]), two.ok(last[1])), (0, 1), "{schedule}");
        }
    }
}
