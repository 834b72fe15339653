//! `--gdb`: what a client of gdb's remote protocol sees and does.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use veo_test_support::gdb::{hexadecimal, number};

use crate::debugged::{COUNTING, Debugged, ENDLESS, IC};
use crate::support::can_compile;

/// Numbers of registers.
const LR: u32 = 10;
const PSW: u32 = 65;
const VL: u32 = 66;
const V0: u32 = 67;
const VM1: u32 = 132;

#[test]
fn a_session_sees_and_changes_what_runs() {
    if !can_compile() {
        return;
    }
    let mut program = Debugged::start(COUNTING);
    let mut gdb = program.connect();
    let mode = fs::symlink_metadata(&program.socket)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    // The first instruction, of `main`: nothing was executed.
    assert_eq!(gdb.ask("?"), "T05thread:01;");
    let (main, twice, total) = (gdb.symbol("main"), gdb.symbol("twice"), gdb.symbol("total"));
    assert_eq!((gdb.register(IC), gdb.register(0)), (main, 3));
    assert_eq!(gdb.ask(&format!("m{total:x},8")), "8877665544332211");
    assert_eq!(gdb.ask("qfThreadInfo"), "m01");
    // All of the first registers are those that are read one by one.
    let all = gdb.ask("g");
    assert_eq!(all.len(), 67 * 16);
    for register in [0, LR, 11, IC, PSW, VL] {
        let place = 16 * register as usize;
        assert_eq!(
            number(&all[place..place + 16]),
            gdb.register(register),
            "{register}"
        );
    }
    gdb.break_at(twice);
    for n in 1..=3 {
        assert_eq!(gdb.ask("c"), "T05thread:01;swbreak:;");
        assert_eq!((gdb.register(IC), gdb.register(0)), (twice, n));
        // It returns to an address behind a call in `main`.
        let caller = gdb.register(LR);
        let said = gdb.monitor(&format!("at {:#x}", caller - 8));
        assert!(said.contains("<main+") && said.contains("bsic"), "{said}");
    }
    // The third call is told that it is the 20th; it stores that, and 1 + 1 + 2 + 2 + 20 + 20 is the end.
    let told = hexadecimal(&20u64.to_le_bytes());
    assert_eq!(gdb.ask(&format!("P0={told}")), "OK");
    assert_eq!(gdb.ask(&format!("z0,{twice:x},8")), "OK");
    for step in 1..=100 {
        assert!(step < 100, "nothing is stored");
        let before = gdb.register(IC);
        let answer = gdb.ask("vCont;s:1");
        assert!(answer.starts_with("T05thread:01;"), "{answer}");
        if gdb.ask(&format!("m{total:x},8")) == told {
            break;
        }
        assert_eq!(gdb.register(IC), before + 8);
    }
    assert_eq!(gdb.ask("vCont;c"), format!("W{:02x}", 2 + 4 + 40));
    assert_eq!(program.end().0, 2 + 4 + 40);
    assert!(!program.socket.exists());
}

#[test]
fn the_description_names_every_register() {
    if !can_compile() {
        return;
    }
    let program = Debugged::start("int main(void) { return 0; }");
    let mut gdb = program.connect();
    let mut text = String::new();
    loop {
        let part = gdb.ask(&format!(
            "qXfer:features:read:target.xml:{:x},400",
            text.len()
        ));
        let (kind, part) = part.split_at(1);
        text += part;
        if kind == "l" {
            break;
        }
    }
    assert_eq!(text.matches("<reg ").count(), 64 + 3 + 64 + 16, "{text}");
    for line in text.lines().filter(|line| line.starts_with("<reg ")) {
        let field = |name: &str| {
            let rest = line.split_once(&format!("{name}=\"")).unwrap().1;
            rest.split_once('"').unwrap().0.to_owned()
        };
        let (bits, register): (usize, usize) = (
            field("bitsize").parse().unwrap(),
            field("regnum").parse().unwrap(),
        );
        let value = gdb.ask(&format!("p{register:x}"));
        assert_eq!(value.len(), bits / 4, "{line}");
    }
    assert_eq!(gdb.ask("p93"), "");
}

#[test]
fn vectors_and_masks_are_registers() {
    if !can_compile() {
        return;
    }
    let source = "
        long out[256];
        int main(void) {
            __asm__ volatile(\"lea %%s63, 200\\n lvl %%s63\\n vseq %%v0\\n vmuls.l %%v0, 3, %%v0\\n\"
                             \".globl here\\nhere: vst %%v0, 8, %0\" :: \"r\"(out) : \"s63\", \"memory\");
            return out[7];
        }";
    let mut program = Debugged::start(source);
    let mut gdb = program.connect();
    let here = gdb.symbol("here");
    gdb.break_at(here);
    assert_eq!(gdb.ask("c"), "T05thread:01;swbreak:;");
    assert_eq!(gdb.register(VL), 200);
    let vector = gdb.ask(&format!("p{V0:x}"));
    assert_eq!(vector.len(), 2 * 8 * 256);
    for element in 0..200 {
        let digits = &vector[16 * element..16 * (element + 1)];
        assert_eq!(number(digits), 3 * element as u64);
    }
    let mut changed: Vec<u8> = (0..256u64).flat_map(|n| (100 + n).to_le_bytes()).collect();
    assert_eq!(gdb.ask(&format!("P{V0:x}={}", hexadecimal(&changed))), "OK");
    changed.truncate(32);
    assert_eq!(
        gdb.ask(&format!("P{VM1:x}={}", hexadecimal(&changed))),
        "OK"
    );
    assert_eq!(gdb.ask(&format!("p{VM1:x}")), hexadecimal(&changed));
    // Impossible writes are refused: 257 elements, the mask of ones, half a register.
    let most = hexadecimal(&257u64.to_le_bytes());
    for wrong in [
        format!("P{VL:x}={most}"),
        format!("P{:x}={}", VM1 - 1, hexadecimal(&changed)),
        format!("P{V0:x}={most}"),
        "P0=1234".into(),
        format!("G{}", "00".repeat(7)),
    ] {
        let answer = gdb.ask(&wrong);
        assert!(answer.starts_with('E'), "{wrong}: {answer}");
    }
    assert_eq!(gdb.register(VL), 200);
    // PSW is taken as it is set.
    assert_eq!(
        gdb.ask(&format!(
            "P{PSW:x}={}",
            hexadecimal(&0x1fffu64.to_le_bytes())
        )),
        "OK"
    );
    assert_eq!(gdb.register(PSW), 0x1fff);
    let usual = hexadecimal(&0x3000u64.to_le_bytes());
    assert_eq!(gdb.ask(&format!("P{PSW:x}={usual}")), "OK");
    assert_eq!(gdb.ask("c"), format!("W{:02x}", 107));
    assert_eq!(program.end().0, 107);
}

#[test]
fn a_fault_stops_before_it_ends_the_program() {
    if !can_compile() {
        return;
    }
    let source = "
        __attribute__((noinline)) void deep(long *p) { *p = 1; }
        long *volatile wild = (long *)0x40;
        int main(void) { deep(wild); return 0; }";
    let mut program = Debugged::start(source);
    let mut gdb = program.connect();
    assert_eq!(gdb.ask("c"), "T0bthread:01;");
    let ic = gdb.register(IC);
    let said = gdb.monitor(&format!("at {ic:#x}"));
    assert!(said.contains("<deep+") && said.contains("st "), "{said}");
    assert_eq!(gdb.register(0), 0x40);
    assert_eq!(gdb.ask("m40,8"), "E0e");
    assert_eq!(gdb.ask("c"), "X0b");
    let (status, why) = program.end();
    assert_eq!(status, 139);
    assert!(
        why.contains(&format!("{ic:#x}")) && why.contains("deep"),
        "{why}"
    );
}

#[test]
fn writes_to_watched_memory_stop() {
    if !can_compile() {
        return;
    }
    let mut program = Debugged::start(COUNTING);
    let mut gdb = program.connect();
    let total = gdb.symbol("total");
    assert_eq!(gdb.ask(&format!("Z2,{total:x},8")), "OK");
    for n in 1..=3u64 {
        assert_eq!(gdb.ask("c"), format!("T05thread:01;watch:{total:x};"));
        assert_eq!(
            gdb.ask(&format!("m{total:x},8")),
            hexadecimal(&n.to_le_bytes())
        );
    }
    // Writes by the client are no reason to stop.
    assert_eq!(gdb.ask(&format!("M{total:x},8:0000000000000000")), "OK");
    for wrong in ["Z2,40,8", "Z2,0,0", "Z3,40,8"] {
        let answer = gdb.ask(wrong);
        assert!(answer.starts_with('E'), "{wrong}: {answer}");
    }
    assert_eq!(gdb.ask("c"), "W0c");
    assert_eq!(program.end().0, 12);
}

#[test]
fn a_write_behind_another_stop_is_told_when_that_is_over() {
    if !can_compile() {
        return;
    }
    let source = "
        long read(int, void *, unsigned long);
        volatile char watched;
        int main(void) { read(0, (void *)&watched, 1); return watched; }";
    let mut program = Debugged::start_with(source, Stdio::piped());
    let mut gdb = program.connect();
    let watched = gdb.symbol("watched");
    assert_eq!(gdb.ask(&format!("Z2,{watched:x},1")), "OK");
    gdb.send("c");
    let halted = hexadecimal(b"main, halted");
    // It may be before the call, or in it, where nothing halts it.
    gdb.send_bytes(&[3]);
    assert_eq!(gdb.answer(), "T02thread:01;");
    let mut input = program.child.as_mut().unwrap().stdin.take().unwrap();
    while gdb.ask("qThreadExtraInfo,1") == halted {
        gdb.send("c");
        gdb.send_bytes(&[3]);
        assert_eq!(gdb.answer(), "T02thread:01;");
    }
    input.write_all(b"7").unwrap();
    while gdb.ask("qThreadExtraInfo,1") != halted {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(gdb.ask("c"), format!("T05thread:01;watch:{watched:x};"));
    assert_eq!(gdb.ask("c"), "W37");
    assert_eq!(program.end().0, 55);
}

const THREADS: &str = "
    typedef unsigned long pthread_t;
    int pthread_create(pthread_t *, const void *, void *(*)(void *), void *);
    int pthread_join(pthread_t, void **);
    volatile long count[2];
    void *work(void *which) {
        for (long i = 0; i < 1000; i++) count[(long)which]++;
        return which;
    }
    int main(void) {
        pthread_t threads[2];
        for (long i = 0; i < 2; i++) pthread_create(&threads[i], 0, work, (void *)i);
        for (long i = 0; i < 2; i++) pthread_join(threads[i], 0);
        return count[0] + count[1] == 2000 ? 21 : 1;
    }";

#[test]
fn threads_stop_and_go_on_together_and_apart() {
    if !can_compile() {
        return;
    }
    let mut program = Debugged::start(THREADS);
    let mut gdb = program.connect();
    let work = gdb.symbol("work");
    gdb.break_at(work);
    let mut stopped = Vec::new();
    for _ in 0..2 {
        let answer = gdb.ask("vCont;c");
        let thread = answer
            .strip_prefix("T05thread:")
            .and_then(|rest| rest.strip_suffix(";swbreak:;"));
        stopped.push(thread.unwrap_or_else(|| panic!("{answer}")).to_owned());
    }
    // The first of them may have ended by now, if the second came late; the second has not.
    let last = stopped[1].clone();
    stopped.sort();
    assert_eq!(stopped, ["02", "03"]);
    let all = gdb.ask("qfThreadInfo");
    assert!(all.contains("01") && all.contains(last.as_str()), "{all}");
    assert_eq!(gdb.ask("qsThreadInfo"), "l");
    // A single step of one thread leaves the others where they are.
    let answer = gdb.ask("vCont;s:1;s:2;s:3");
    assert!(answer.starts_with("T05thread:"), "{answer}");
    let (thread, _) = answer["T05thread:".len()..].split_once(';').unwrap();
    assert_eq!(gdb.ask(&format!("Hg{thread}")), "OK");
    assert_eq!(gdb.ask(&format!("T{thread}")), "OK");
    let before = gdb.register(IC);
    assert_eq!(
        gdb.ask(&format!("vCont;s:{thread}")),
        format!("T05thread:{thread};")
    );
    assert_ne!(gdb.register(IC), before);
    // The main thread waits in a function of the host: its scalar registers are known, its vectors are not.
    assert_eq!(gdb.ask("Hg1"), "OK");
    assert!(!gdb.ask("g").contains('x'));
    let name = gdb.ask("qThreadExtraInfo,1");
    assert!(name.starts_with(&hexadecimal(b"main, ")), "{name}");
    assert_eq!(gdb.ask("Hg9"), "OK");
    assert!(gdb.ask("g").starts_with("xxxx"));
    assert_ne!(gdb.ask("T9"), "OK");
    assert_eq!(gdb.ask(&format!("z0,{work:x},8")), "OK");
    assert_eq!(gdb.ask("vCont;c"), "W15");
    assert_eq!(program.end().0, 21);
}

#[test]
fn an_endless_loop_is_interrupted_let_go_and_killed() {
    if !can_compile() {
        return;
    }
    let mut program = Debugged::start(ENDLESS);
    let mut gdb = program.connect();
    let enough = gdb.symbol("enough");
    for _ in 0..3 {
        gdb.send("c");
        gdb.send_bytes(&[3]);
        assert_eq!(gdb.answer(), "T02thread:01;");
    }
    // Another client finds the program running, and stops it by connecting.
    assert_eq!(gdb.ask("D"), "OK");
    let mut gdb = program.connect();
    assert_eq!(gdb.ask("?"), "T05thread:01;");
    assert_eq!(gdb.ask(&format!("M{enough:x},4:01000000")), "OK");
    assert_eq!(gdb.ask("c"), "W05");
    assert_eq!(program.end().0, 5);
    let mut program = Debugged::start(ENDLESS);
    let mut gdb = program.connect();
    gdb.send("k");
    let (status, why) = program.end();
    assert_eq!(
        (status, &*why),
        (137, "ve-run: the debugger has killed the program")
    );
    assert!(!program.socket.exists());
    assert_eq!(gdb.try_answer(), None);
}
