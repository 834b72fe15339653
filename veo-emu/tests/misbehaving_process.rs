//! A broken or hostile VE process: it writes anything to the memory that it shares with the
//! host, and sends anything over its socket. The host survives, every
//! wait with a limit ends, a kill ends the others, and other processes notice nothing.
//!
//! Each seed runs in a child, this program again, so that a host that breaks is seen.

mod common;

use std::process::Command;
use std::time::{Duration, Instant};

use common::*;
use veo_abi::ffi::*;
use veo_test_support::run;

const KERNELS: &str = r#"
#define _GNU_SOURCE
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint64_t state;
static uint64_t next(void) {
    state ^= state << 13; state ^= state >> 7; state ^= state << 17;
    return state;
}
static uint64_t value(uint64_t old) {
    uint64_t r = next();
    switch (r >> 61) {
    case 0: return 0;
    case 1: return ~0ull;
    case 2: return next() % 600;
    case 3: return old + 1;
    case 4: return old ^ 1ull << (next() & 63);
    case 5: return (next() % 600) << 8 | 1;    /* as the tag of a response is */
    case 6: return next() << 32 | next() % 300;
    default: return next();
    }
}

/* Writes to whatever is shared with the host, but the heap; returns how much that is. */
uint64_t scribble(uint64_t seed, uint64_t count, uint64_t pause) {
    struct { uint64_t *base; uint64_t words; } places[64];
    int found = 0;
    uint64_t total = 0;
    char line[512];
    state = seed * 0x9e3779b97f4a7c15ull + 1;
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps) return 0;
    while (found < 64 && fgets(line, sizeof line, maps)) {
        unsigned long start, end;
        char mode[8];
        if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) != 3 || strcmp(mode, "rw-s")) continue;
        if (!strstr(line, "memfd:veo-") || strstr(line, "memfd:veo-memory")) continue;
        places[found].base = (uint64_t *)start;
        places[found].words = (end - start) / 8;
        total += end - start;
        found++;
    }
    fclose(maps);
    if (!found) return 0;
    for (uint64_t i = 0; i < count; i++) {
        int at = next() % found;
        /* The beginning of each is what matters most. */
        uint64_t words = places[at].words;
        if (next() & 1 && words > 4096) words = 4096;
        volatile uint64_t *word = places[at].base + next() % words;
        *word = value(*word);
        if (pause && next() % pause == 0) usleep(1);
    }
    return total;
}

/* Sends garbage over every socket there is; returns how many messages. */
uint64_t babble(uint64_t seed, uint64_t count) {
    uint64_t sent = 0;
    state = seed * 0x9e3779b97f4a7c15ull + 1;
    for (uint64_t i = 0; i < count; i++) {
        unsigned char bytes[6000];
        size_t len = next() % (next() & 1 ? 100 : sizeof bytes);
        for (size_t k = 0; k < sizeof bytes; k++) bytes[k] = (unsigned char)next();
        /* Half of them look like messages at first sight. */
        if (next() & 1) {
            uint64_t head[4] = { 0x0002756d652d6f65ull, next() % 6, next() % 3, value(0) };
            memcpy(bytes, head, sizeof head);
            if (len < 64) len = 64;
        }
        for (int fd = 3; fd < 40; fd++)
            if (send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) sent++;
    }
    return sent;
}
uint64_t add(uint64_t a, uint64_t b) { return a + b; }
"#;

fn child(part: &str, seed: u64) -> Command {
    let mut command = run::one_test("child_part");
    command.env("VEO_EMU_TEST_HOSTILE", format!("{part} {seed}"));
    command
}

/// Runs the seeds; `VEO_TEST_LONG` is another number of them.
fn survives(part: &str, seeds: u64) {
    compile(KERNELS);
    let seeds = match std::env::var("VEO_TEST_LONG") {
        Ok(seeds) => seeds.parse().expect("VEO_TEST_LONG is a number"),
        Err(_) => seeds,
    };
    for seed in 1..=seeds {
        let start = Instant::now();
        let output = child(part, seed).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{part}, seed {seed}: {} {text}",
            output.status
        );
        assert!(text.contains("survived"), "{part}, seed {seed}: {text}");
        let time = start.elapsed();
        assert!(
            time < Duration::from_secs(60),
            "{part}, seed {seed}: {time:?}"
        );
    }
}

#[test]
fn anything_in_shared_memory() {
    survives("scribble", 6);
}

#[test]
fn anything_over_the_socket() {
    survives("babble", 3);
}

#[test]
fn child_part() {
    let Ok(part) = std::env::var("VEO_EMU_TEST_HOSTILE") else {
        return;
    };
    // A host that hangs ends here, and its status says so.
    // SAFETY: plain numbers.
    unsafe { libc::alarm(50) };
    let (part, seed) = part.split_once(' ').unwrap();
    live_with(part, seed.parse().unwrap());
    println!("survived");
}

/// Uses a hostile process, and then an ordinary one.
fn live_with(part: &str, seed: u64) {
    let good = Proc::with(1, |options| options.memory = 1 << 20);
    let lib = good.load(&compile(KERNELS));
    let add = good.sym(lib, "add");
    for round in 0..5 {
        let bad = Proc::with(0, |options| options.memory = 1 << 20);
        use_hostile(&bad, part, seed * 100 + round);
        assert_eq!(call!(veo_emu_kill(bad.0)), 0);
        drop(bad);
        let args = Args::new().u64(0, seed).u64(1, round);
        assert_eq!(good.call(add, &args), (0, seed + round));
    }
}

fn use_hostile(proc: &Proc, part: &str, seed: u64) {
    let lib = proc.load(&compile(KERNELS));
    let (hostile, add) = (proc.sym(lib, part), proc.sym(lib, "add"));
    let block = proc.alloc(4096);
    let (main, other, third) = (proc.open(), proc.open(), proc.open());
    let pause = [0, 20, 500][(seed % 3) as usize];
    let args = Args::new().u64(0, seed).u64(1, 20_000).u64(2, pause);
    let args = if part == "babble" {
        args.u64(1, 20)
    } else {
        args
    };
    let id = other.call(hostile, &args);
    // Meanwhile, all that a program does.
    let mut buffer = [1u8; 4096];
    let mut text = *b"on the stack";
    let end = Instant::now() + Duration::from_millis(150);
    let mut round = 0;
    while Instant::now() < end {
        round += 1;
        for ctx in [main, third] {
            let mut back = [0u64; 16];
            let two = Args::new()
                .u64(0, round)
                .stack(1, VEO_INTENT_INOUT, &mut back)
                .stack(2, VEO_INTENT_IN, &mut text);
            let mut ids = vec![
                call!(veo_call_async(ctx.0, add, two.0)),
                ctx.write(block, &buffer),
                call!(veo_call_async(ctx.0, add, two.0)),
                ctx.read(&mut buffer, block),
                call!(veo_alloc_mem_async(ctx.0, 64)),
            ];
            ids.retain(|id| *id != VEO_REQUEST_ID_INVALID);
            for id in &ids {
                ends_or_not(ctx, *id);
            }
            // Unfinished requests may still use the buffers, which go with the process.
            if ids
                .iter()
                .any(|id| ctx.peek(*id).0 == VEO_COMMAND_UNFINISHED)
            {
                assert_eq!(call!(veo_emu_kill(proc.0)), 0);
                for id in ids {
                    assert_ne!(ctx.wait(id).0, VEO_COMMAND_UNFINISHED);
                }
                break;
            }
        }
        if part == "babble" {
            // May fail, for a reason; a kill above makes it fail at once.
            let context = call!(veo_context_open(proc.0));
            if context.is_null() {
                assert!(!last_error().is_empty());
            }
        }
    }
    ends_or_not(other, id);
    // When the process is gone, every wait ends.
    assert_eq!(call!(veo_emu_kill(proc.0)), 0);
    for ctx in [main, other, third] {
        call!(veo_context_sync(ctx.0));
        ctx.wait(id);
    }
    proc.fault();
}

/// Waits for a moment.
fn ends_or_not(ctx: Ctx, id: u64) {
    let mut result = 0;
    let limit = 20_000_000;
    call!(veo_emu_wait_result_timeout(ctx.0, id, &mut result, limit));
}
