//! The VE processes of a program as others see them, compared with what the program does.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use common::*;
use veo_emu::inspect;
use veo_test_support::run;

const KERNELS: &str = r#"
#include <stdint.h>
#include <unistd.h>
volatile int64_t held = 1;
int hold(void) { while (held) usleep(500); return 0; }
uint64_t echo(uint64_t x) { return x; }
int close_all(void) { for (int fd = 3; fd < 256; fd++) close(fd); return 0; }
"#;

/// The longest that something takes which another process does.
const LONGEST: Duration = Duration::from_secs(120);

/// A process as another one sees it.
#[derive(Clone, Debug)]
struct Seen {
    host: u32,
    program: String,
    shared: Option<SharedSeen>,
}

#[derive(Clone, Debug)]
struct SharedSeen {
    node: u64,
    used: u64,
    capacity: u64,
    to_ve: u64,
    to_host: u64,
    contexts: Vec<ContextSeen>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ContextSeen {
    index: u64,
    requests: u64,
    /// Request, address and name of what runs.
    running: Option<(u64, u64, String)>,
}

/// Another process, which inspects this one.
struct Looker {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Looker {
    fn new() -> Looker {
        let mut child = run::one_test("looking_process")
            .env("VEO_EMU_TEST_LOOKER", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Looker { child, answers }
    }

    fn seen(&mut self, pid: u32) -> Option<Seen> {
        writeln!(self.child.stdin.as_mut().unwrap(), "{pid}").unwrap();
        let mut line = String::new();
        // The harness says something before the first answer.
        while !line.starts_with("looked") {
            line.clear();
            assert_ne!(
                self.answers.read_line(&mut line).unwrap(),
                0,
                "it has ended"
            );
        }
        let mut fields = line.trim_end_matches('\n').split('\t').skip(1);
        let host = fields.next()?.parse().unwrap();
        let program = fields.next().unwrap().to_owned();
        let number = |text: &str| text.parse::<u64>().unwrap();
        let shared = fields.next().map(|node| SharedSeen {
            node: number(node),
            used: number(fields.next().unwrap()),
            capacity: number(fields.next().unwrap()),
            to_ve: number(fields.next().unwrap()),
            to_host: number(fields.next().unwrap()),
            contexts: fields
                .map(|context| {
                    let mut words = context.split(' ');
                    let mut next = || words.next();
                    let (index, requests) = (number(next().unwrap()), number(next().unwrap()));
                    let running = next().map(|request| {
                        let address = number(next().unwrap());
                        (number(request), address, next().unwrap().to_owned())
                    });
                    ContextSeen {
                        index,
                        requests,
                        running,
                    }
                })
                .collect(),
        });
        Some(Seen {
            host,
            program,
            shared,
        })
    }

    fn shared(&mut self, proc: &Proc) -> SharedSeen {
        let seen = self.seen(proc.pid() as u32).expect("the process is seen");
        seen.shared.expect("what it shares is seen")
    }

    /// Looks until what is seen is as wanted.
    fn until(&mut self, proc: &Proc, wanted: impl Fn(&SharedSeen) -> bool) -> SharedSeen {
        let end = Instant::now() + LONGEST;
        loop {
            let shared = self.shared(proc);
            if wanted(&shared) {
                return shared;
            }
            assert!(Instant::now() < end, "{shared:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Looker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The inspecting process: it looks once for each line of its input.
#[test]
fn looking_process() {
    if std::env::var_os("VEO_EMU_TEST_LOOKER").is_none() {
        return;
    }
    for line in std::io::stdin().lines() {
        let pid: u32 = line.unwrap().parse().unwrap();
        let processes = inspect::processes().unwrap();
        let mut text = String::from("looked");
        if let Some(seen) = processes.iter().find(|process| process.pid == pid) {
            write!(text, "\t{}\t{}", seen.host, seen.program.display()).unwrap();
            if let Some(shared) = &seen.shared {
                for number in [
                    shared.node.into(),
                    shared.used,
                    shared.capacity,
                    shared.to_ve,
                    shared.to_host,
                ] {
                    write!(text, "\t{number}").unwrap();
                }
                for context in &shared.contexts {
                    let requests = context.requests.expect("a ring makes sense");
                    write!(text, "\t{} {requests}", context.index).unwrap();
                    if let Some(kernel) = &context.running {
                        let address = kernel.address.unwrap_or(0);
                        let name = kernel.name.as_deref().unwrap_or("-");
                        write!(text, " {} {address} {name}", kernel.request).unwrap();
                    }
                }
            }
        }
        // Before it, the harness has begun a line.
        println!("\n{text}");
    }
}

#[test]
fn a_process_is_seen_as_it_is() {
    let (first, proc) = (Proc::new(0), Proc::new(3));
    let mut looker = Looker::new();
    assert_eq!(looker.shared(&first).node, 0);
    let process = looker.seen(proc.pid() as u32).expect("the process is seen");
    assert_eq!(process.host, std::process::id());
    let own = std::env::args().next().unwrap();
    assert_eq!(process.program, own);
    let before = looker.shared(&proc);
    assert_eq!((before.node, before.used, before.contexts.len()), (3, 0, 1));
    assert_eq!((before.to_ve, before.to_host), (0, 0));

    let block = proc.alloc(1 << 20);
    proc.write(block, &[7u8; 1000]);
    let mut back = [0u8; 300];
    assert_eq!(
        call!(veo_read_mem(
            proc.0,
            back.as_mut_ptr().cast(),
            block,
            back.len()
        )),
        0
    );
    let after = looker.shared(&proc);
    assert!(
        (1 << 20..(1 << 20) + 4096).contains(&after.used),
        "{after:?}"
    );
    assert!(after.capacity >= after.used);
    assert_eq!((after.to_ve, after.to_host), (1000, 300));
    assert_eq!(call!(veo_free_mem(proc.0, block)), 0);
    assert_eq!(looker.shared(&proc).used, 0);

    let pid = proc.pid() as u32;
    drop(proc);
    assert!(looker.seen(pid).is_none(), "it has ended");
    assert!(looker.seen(first.pid() as u32).is_some());
}

#[test]
fn calls_are_counted_and_named() {
    let mut looker = Looker::new();
    let proc = Proc::new(0);
    let lib = proc.load(&compile(KERNELS));
    let (hold, echo) = (proc.sym(lib, "hold"), proc.sym(lib, "echo"));
    let held = proc.sym(lib, "held");
    // The first one is the main context.
    let (_main, ctx, other) = (proc.open(), proc.open(), proc.open());
    let requests = |shared: &SharedSeen, index: usize| shared.contexts[index].requests;
    let before = looker.shared(&proc);
    let indices: Vec<u64> = before
        .contexts
        .iter()
        .map(|context| context.index)
        .collect();
    assert_eq!(indices, [0, 1, 2]);
    // More than the ring has room for.
    for number in 0..1000 {
        let id = other.call(echo, &Args::new().u64(0, number));
        assert_eq!(other.ok(id), number);
    }
    let after = looker.shared(&proc);
    assert_eq!(requests(&after, 2) - requests(&before, 2), 1000);
    assert_eq!(requests(&after, 1), requests(&before, 1));
    let idle = |shared: &SharedSeen| shared.contexts.iter().all(|seen| seen.running.is_none());
    looker.until(&proc, idle);

    let id = ctx.call(hold, &Args::new());
    let running = looker.until(&proc, |shared| shared.contexts[1].running.is_some());
    let kernel = running.contexts[1].running.clone().unwrap();
    assert_eq!((kernel.1, kernel.2.as_str()), (hold, "hold"));
    assert!(running.contexts[2].running.is_none());
    // The same call is seen as the same, whatever else goes on.
    for number in 0..600 {
        let id = other.call(echo, &Args::new().u64(0, number));
        other.ok(id);
    }
    assert_eq!(looker.shared(&proc).contexts[1].running, Some(kernel));
    proc.write(held, &[0i64]);
    ctx.ok(id);
    looker.until(&proc, idle);

    assert_eq!(call!(veo_context_close(other.0)), 0);
    let left = looker.until(&proc, |shared| shared.contexts.len() == 2);
    assert_eq!(left.contexts[1].index, 1);
}

#[test]
fn a_closed_descriptor_is_not_seen() {
    let mut looker = Looker::new();
    let proc = Proc::new(0);
    let lib = proc.load(&compile(KERNELS));
    let close_all = proc.sym(lib, "close_all");
    let ctx = proc.open();
    let id = ctx.call(close_all, &Args::new());
    // The host may see the process end before or after it collects the result.
    ctx.wait(id);
    if let Some(process) = looker.seen(proc.pid() as u32) {
        assert!(process.shared.is_none(), "{process:?}");
    }
}

/// A process that looks like a VE process from outside.
struct Forged {
    child: Child,
}

impl Forged {
    /// Starts one with this control page.
    fn start(kind: &str, page: &[u8]) -> Forged {
        let mut child = run::one_test("forged_process")
            .arg0("/a/program (veorun)")
            .env("VEO_EMU_TEST_FORGED", kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&(page.len() as u64).to_le_bytes()).unwrap();
        stdin.write_all(page).unwrap();
        child.stdin = Some(stdin);
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("forged")), "{kind}");
        Forged { child }
    }
}

impl Drop for Forged {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program that the tests start and inspect.
#[test]
fn forged_process() {
    use std::io::Read;
    if std::env::var_os("VEO_EMU_TEST_FORGED").is_none() {
        return;
    }
    let mut stdin = std::io::stdin().lock();
    let mut len = [0; 8];
    stdin.read_exact(&mut len).unwrap();
    let mut page = vec![0; u64::from_le_bytes(len) as usize];
    stdin.read_exact(&mut page).unwrap();
    // SAFETY: the name is a terminated string.
    let fd = unsafe { libc::memfd_create(c"veo-control".as_ptr(), libc::MFD_ALLOW_SEALING) };
    assert!(fd >= 0);
    // SAFETY: memfd_create has just returned this descriptor.
    let file = fs::File::from(unsafe { OwnedFd::from_raw_fd(fd) });
    file.write_all_at(&page, 0).unwrap();
    // SAFETY: an open descriptor and plain numbers.
    let sealed = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, libc::F_SEAL_SHRINK) };
    assert_eq!(sealed, 0);
    fs::write("/proc/self/comm", "veorun").unwrap();
    println!("forged");
    // Until the test has looked, or has ended.
    let _ = stdin.read(&mut [0]);
}

#[test]
fn forged_pages_are_not_believed() {
    let mut looker = Looker::new();
    let proc = Proc::new(0);
    let mut random = fastrand::Rng::with_seed(0x5eed_5eed_5eed_5eed);
    // The page of a process that is real, which others may have got from it.
    let descriptors = format!("/proc/{}/fd", proc.pid());
    let page = fs::read_dir(descriptors).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        let name = fs::read_link(&path).ok()?;
        let is_page = name
            .as_os_str()
            .as_bytes()
            .starts_with(b"/memfd:veo-control");
        // This program must not open it, see `inspect::processes`.
        is_page.then(|| Command::new("cat").arg(path).output().unwrap().stdout)
    });
    let page = page.expect("a control page");
    let noise: Vec<u8> = (0..page.len()).map(|_| random.u8(..)).collect();
    for (kind, page) in [
        ("another's", page.clone()),
        ("noise", noise),
        ("ones", vec![0xff; page.len()]),
        ("zeros", vec![0; page.len()]),
        ("short", page[..page.len() - 1].to_vec()),
        ("empty", Vec::new()),
    ] {
        let forged = Forged::start(kind, &page);
        let process = looker.seen(forged.child.id()).expect("it looks like one");
        assert_eq!(process.program, "/a/program");
        assert!(process.shared.is_none(), "{kind}: {process:?}");
    }
    assert_eq!(looker.shared(&proc).node, 0);
}
