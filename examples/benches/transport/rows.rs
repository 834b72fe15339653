//! The rows of the table, and how to measure them.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ve_kernels::basics::{add_up, axpy};
use veo_core::{Guard, KernelLookup, Result, VeBuffer, VeoContext, VeoProc};

use crate::machine_code::{Empty, can_compile};
use crate::measure::{Goal, Pair, Row, alternate, block, nanoseconds};
use crate::pingpong::PingPong;
use crate::raw::{Raw, has_libveo};
use crate::timeline;

/// This environment variable makes the program measure how long processes take to start, and
/// print both times.
pub const START: &str = "VEO_BENCH_START";

/// This environment variable makes the program report that it runs, and end.
pub const READY: &str = "VEO_BENCH_READY";

/// Operations in one block.
const BLOCK: usize = 200;

/// The definition of a row.
pub struct Definition {
    pub name: &'static str,
    /// The reference on any CPU, and with all processes on one CPU.
    pub reference: [&'static str; 2],
    pub goal: Goal,
    pub measure: fn(&mut Fixture) -> Result<Pair>,
    /// Whether it can be measured here.
    pub possible: fn() -> bool,
}

impl Definition {
    /// Whether the row's line holds this word.
    pub fn has(&self, word: &str, one_cpu: bool) -> bool {
        self.name.contains(word) || self.reference[usize::from(one_cpu)].contains(word)
    }

    /// The row of the table, still empty.
    pub fn row(&self, one_cpu: bool) -> Row {
        let reference = self.reference[usize::from(one_cpu)];
        Row::new(format!("{} / {reference}", self.name), self.goal)
    }
}

fn always() -> bool {
    true
}

/// All rows.
pub const ROWS: &[Definition] = &[
    Definition {
        name: "waited call, 8 arguments",
        reference: ["one-line ping-pong", "futex ping-pong"],
        goal: Goal::AtMost(3.0),
        measure: waited_call,
        possible: always,
    },
    Definition {
        name: "pipelined call, 8 arguments",
        reference: ["one-line ping-pong", "futex ping-pong"],
        goal: Goal::AtMost(0.6),
        measure: pipelined_call,
        possible: always,
    },
    Definition {
        name: "typed stub, 8 arguments",
        reference: ["raw function table"; 2],
        goal: Goal::AtMost(1.05),
        measure: typed_call,
        possible: always,
    },
    Definition {
        name: "typed stub, 8 arguments",
        reference: ["raw table, arguments at once"; 2],
        goal: Goal::AtMost(1.2),
        measure: typed_call_at_once,
        possible: always,
    },
    Definition {
        name: "waited call after 2 ms idle",
        reference: ["futex ping-pong after 2 ms"; 2],
        goal: Goal::AtMost(1.3),
        measure: idle_call,
        possible: always,
    },
    Definition {
        name: "write of 1 MiB (bandwidth)",
        reference: ["private memcpy"; 2],
        goal: Goal::AtLeast(0.95),
        measure: write,
        possible: always,
    },
    Definition {
        name: "read of 1 MiB (bandwidth)",
        reference: ["private memcpy"; 2],
        goal: Goal::AtLeast(0.95),
        measure: read,
        possible: always,
    },
    Definition {
        name: "process ready",
        reference: ["fork+exec of the same"; 2],
        goal: Goal::AtMost(1.5),
        measure: start,
        possible: always,
    },
    Definition {
        name: "async submit of 256 MiB",
        reference: ["async submit of 64 B"; 2],
        goal: Goal::AtMost(3.0),
        measure: submit,
        possible: always,
    },
    Definition {
        name: "waited call, VEO_STATS on",
        reference: ["off"; 2],
        goal: Goal::AtMost(1.2),
        measure: waited_with_stats,
        possible: always,
    },
    Definition {
        name: "pipelined call, VEO_STATS on",
        reference: ["off"; 2],
        goal: Goal::AtMost(2.0),
        measure: pipelined_with_stats,
        possible: always,
    },
    Definition {
        name: "kernel that adds 2^20 pairs, memory guarded",
        reference: ["not guarded"; 2],
        goal: Goal::AtMost(1.1),
        measure: guarded_kernel,
        possible: always,
    },
    Definition {
        name: "call of empty VE machine code",
        reference: ["of empty host code"; 2],
        goal: Goal::AtMost(1.2),
        measure: machine_code,
        possible: can_compile,
    },
    Definition {
        name: "waited call, 8 arguments, with a timeline",
        reference: ["without"; 2],
        goal: Goal::AtMost(1.25),
        measure: |_| timeline::waited_call(),
        possible: always,
    },
    Definition {
        name: "pipelined call, 8 arguments, with a timeline",
        reference: ["without"; 2],
        goal: Goal::AtMost(4.0),
        measure: |_| timeline::pipelined_call(),
        possible: always,
    },
    Definition {
        name: "timeline of 100,000 waited calls",
        reference: ["calls"; 2],
        goal: Goal::Size(96.0),
        measure: |_| timeline::size(),
        possible: always,
    },
    Definition {
        name: "memory for a timeline of 500,000 calls",
        reference: ["MiB"; 2],
        goal: Goal::Size(8.0),
        measure: |_| timeline::memory(),
        possible: always,
    },
    Definition {
        name: "waited calls in a time",
        reference: ["those of NEC's libveo"; 2],
        goal: Goal::AtLeast(4.0),
        measure: libveo_call,
        possible: has_libveo,
    },
    Definition {
        name: "write of 64 MB (bandwidth)",
        reference: ["that of NEC's libveo"; 2],
        goal: Goal::AtLeast(1.5),
        measure: libveo_write,
        possible: has_libveo,
    },
];

/// The processes of one run, new on both sides.
pub struct Fixture {
    one_cpu: bool,
    pingpong: RefCell<PingPong>,
    proc: VeoProc,
    ctx: VeoContext,
}

impl Fixture {
    pub fn new(one_cpu: bool) -> Result<Fixture> {
        let proc = VeoProc::new(0)?;
        Ok(Fixture {
            one_cpu,
            pingpong: RefCell::new(PingPong::new()),
            ctx: proc.open_context()?,
            proc,
        })
    }

    /// A block of reference round trips.
    fn round_trips(&self) -> f64 {
        let mut pingpong = self.pingpong.borrow_mut();
        if self.one_cpu {
            pingpong.sleeping(|trip| block(BLOCK, || trip.round_trip()))
        } else {
            pingpong.spinning(|trip| block(BLOCK, || trip.round_trip()))
        }
    }

    fn call(&self) -> i64 {
        call(&self.ctx)
    }

    /// Wakes both sides, as in the middle of a run of calls.
    fn warm_up(&self) {
        for _ in 0..10 {
            self.call();
        }
    }
}

fn call(ctx: &VeoContext) -> i64 {
    let request = add_up(ctx, 1, 2, 3, 4, 5, 6, 7, 8);
    request
        .and_then(|request| request.wait())
        .expect("the kernel returns")
}

/// Queues a block of calls, then waits for them. The time of one.
fn pipeline(ctx: &VeoContext) -> f64 {
    let mut requests = Vec::with_capacity(BLOCK);
    let all = block(1, || {
        for k in 0..BLOCK as i64 {
            let request = add_up(ctx, k, 2, 3, 4, 5, 6, 7, 8);
            requests.push(request.expect("the call is queued"));
        }
        for (k, request) in requests.drain(..).enumerate() {
            assert_eq!(request.wait().expect("the kernel returns"), 35 + k as i64);
        }
    });
    all / BLOCK as f64
}

/// A new process in which it is gathered what requests come to, or not, measured by calls on a context of it.
fn with_stats(measure: fn(&VeoContext) -> f64) -> Result<Pair> {
    let side = |gathers| -> Result<_> {
        let ctx = VeoProc::builder().stats(gathers).build()?.open_context()?;
        Ok(move || {
            for _ in 0..10 {
                call(&ctx);
            }
            measure(&ctx)
        })
    };
    Ok(alternate(60, side(true)?, side(false)?))
}

fn waited_with_stats(_: &mut Fixture) -> Result<Pair> {
    with_stats(|ctx| block(BLOCK, || assert_eq!(black_box(call(ctx)), 36)))
}

fn pipelined_with_stats(_: &mut Fixture) -> Result<Pair> {
    with_stats(pipeline)
}

fn waited_call(fixture: &mut Fixture) -> Result<Pair> {
    let fixture = &*fixture;
    Ok(alternate(
        60,
        || {
            fixture.warm_up();
            block(BLOCK, || assert_eq!(black_box(fixture.call()), 36))
        },
        || fixture.round_trips(),
    ))
}

fn pipelined_call(fixture: &mut Fixture) -> Result<Pair> {
    let fixture = &*fixture;
    Ok(alternate(
        60,
        || {
            fixture.warm_up();
            pipeline(&fixture.ctx)
        },
        || fixture.round_trips(),
    ))
}

fn typed_call(fixture: &mut Fixture) -> Result<Pair> {
    typed_against(fixture, &Raw::new(), Raw::add_up)
}

fn typed_call_at_once(fixture: &mut Fixture) -> Result<Pair> {
    typed_against(fixture, &Raw::new(), Raw::add_up_at_once)
}

/// Typed calls and raw calls. Each call is waited for.
fn typed_against(fixture: &Fixture, raw: &Raw, add_up: fn(&Raw, [i64; 8]) -> u64) -> Result<Pair> {
    let raw_call = || assert_eq!(black_box(add_up(raw, [1, 2, 3, 4, 5, 6, 7, 8])), 36);
    Ok(alternate(
        60,
        || {
            fixture.warm_up();
            block(BLOCK, || assert_eq!(black_box(fixture.call()), 36))
        },
        || {
            block(10, raw_call);
            block(BLOCK, raw_call)
        },
    ))
}

fn idle_call(fixture: &mut Fixture) -> Result<Pair> {
    let gap = || std::thread::sleep(Duration::from_millis(2));
    let fixture = &*fixture;
    Ok(alternate(
        60,
        || {
            // The same gap as before the reference.
            fixture.call();
            gap();
            block(1, || assert_eq!(black_box(fixture.call()), 36))
        },
        || {
            fixture.pingpong.borrow_mut().sleeping(|trip| {
                gap();
                block(1, || trip.round_trip())
            })
        },
    ))
}

const MIB: usize = 1 << 20;

fn write(fixture: &mut Fixture) -> Result<Pair> {
    let source = vec![1u8; MIB];
    let mut private = vec![2u8; MIB];
    let mut buffer = fixture.proc.upload(&source)?;
    Ok(alternate(
        40,
        || {
            block(20, || {
                fixture
                    .proc
                    .write(&mut buffer, &source)
                    .expect("the write works")
            })
        },
        || {
            block(20, || {
                black_box(&mut private).copy_from_slice(black_box(&source))
            })
        },
    ))
}

fn read(fixture: &mut Fixture) -> Result<Pair> {
    let source = vec![1u8; MIB];
    let (mut target, mut private) = (vec![2u8; MIB], vec![2u8; MIB]);
    let buffer = fixture.proc.upload(&source)?;
    Ok(alternate(
        40,
        || {
            block(20, || {
                fixture
                    .proc
                    .read(&buffer, &mut target)
                    .expect("the read works")
            })
        },
        || {
            block(20, || {
                black_box(&mut private).copy_from_slice(black_box(&source))
            })
        },
    ))
}

/// Measures the start of processes in a program that has done nothing else: the more memory a
/// program has used, the longer a fork of it takes.
fn start(_: &mut Fixture) -> Result<Pair> {
    let output = Command::new(std::env::current_exe().expect("this program's path"))
        .env(START, "1")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("this program starts again");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut times = text
        .split_whitespace()
        .map(|time| time.parse().expect("a time in nanoseconds"));
    let mut next = || times.next().expect("two times");
    Ok(Pair {
        ours: next(),
        reference: next(),
    })
}

/// Does what [`start`] wants of the other program.
pub fn start_here() -> Result<Pair> {
    let mut fork_exec = Command::new(std::env::current_exe().expect("this program's path"));
    fork_exec
        .env(READY, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    // SAFETY: the closure does nothing; it makes the standard library use fork and exec.
    unsafe { fork_exec.pre_exec(|| Ok(())) };
    Ok(alternate(
        15,
        || {
            let start = Instant::now();
            let proc = VeoProc::builder().kernels(KernelLookup::None).build();
            let time = nanoseconds(start.elapsed());
            proc.and_then(VeoProc::close)
                .expect("the process starts and ends");
            time
        },
        || {
            let start = Instant::now();
            let mut child = fork_exec.spawn().expect("this program starts again");
            let out = child.stdout.as_mut().expect("a pipe");
            out.read_exact(&mut [0]).expect("it says that it is ready");
            let time = nanoseconds(start.elapsed());
            child.wait().expect("it ends");
            time
        },
    ))
}

fn submit(fixture: &mut Fixture) -> Result<Pair> {
    const LARGE: usize = 256 * MIB;
    let source = vec![1u8; LARGE];
    let mut large = fixture.proc.upload(&source)?;
    let mut small = fixture.proc.alloc::<u8>(64)?;
    let ctx = &fixture.ctx;
    let submit = |buffer: &mut VeBuffer<u8>, bytes: &[u8]| {
        let mut time = 0.0;
        ctx.scope(|s| {
            let start = Instant::now();
            s.write_from(buffer, bytes);
            time = nanoseconds(start.elapsed());
        })
        .expect("the transfer works");
        time
    };
    Ok(alternate(
        15,
        || submit(&mut large, &source),
        || submit(&mut small, &source[..64]),
    ))
}

fn guarded_kernel(_: &mut Fixture) -> Result<Pair> {
    const N: usize = 1 << 20;
    let side = |guard| -> Result<_> {
        let proc = VeoProc::builder().guard(guard).build()?;
        let (x, mut y) = (proc.upload(&vec![1.0; N])?, proc.zeros::<f64>(N)?);
        Ok(move || {
            block(5, || {
                axpy(&proc, N as i64, 0.5, &x, &mut y).expect("it works")
            })
        })
    };
    Ok(alternate(40, side(Guard::End)?, side(Guard::Off)?))
}

fn machine_code(fixture: &mut Fixture) -> Result<Pair> {
    let empty = Empty::load(&fixture.proc)?;
    let ctx = &fixture.ctx;
    let side = |call: fn(&Empty, &VeoContext) -> i64| {
        block(10, || assert_eq!(call(&empty, ctx), 0));
        block(BLOCK, || assert_eq!(black_box(call(&empty, ctx)), 0))
    };
    Ok(alternate(
        60,
        || side(Empty::on_ve),
        || side(Empty::on_host),
    ))
}

fn libveo_call(fixture: &mut Fixture) -> Result<Pair> {
    typed_against(fixture, &Raw::libveo(), Raw::add_up)
}

fn libveo_write(fixture: &mut Fixture) -> Result<Pair> {
    let source = vec![1u8; 64_000_000];
    let mut buffer = fixture.proc.upload(&source)?;
    let raw = Raw::libveo();
    let address = raw.alloc(source.len());
    raw.write(address, &source);
    Ok(alternate(
        5,
        || {
            block(1, || {
                fixture
                    .proc
                    .write(&mut buffer, &source)
                    .expect("the write works")
            })
        },
        || block(1, || raw.write(address, &source)),
    ))
}
