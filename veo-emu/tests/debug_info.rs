//! The emulated node's use of debug information: conventions of untyped calls, source lines.

mod common;

use common::*;
use veo_abi::ffi::*;

const KERNELS: &str = r#"
#include <stdint.h>
#include <stdlib.h>
#include <stdbool.h>
double mix(int8_t a, double b, uint16_t c, float d, const double *e) { return a + b * c - d + *e; }
float half(float x) { return x / 2; }
int negative(int x) { return -x; }
int8_t tiny(int64_t x) { return (int8_t)x; }
bool is_odd(unsigned x) { return x & 1; }
uint16_t low(uint64_t x) { return (uint16_t)x; }
double ten(double a, double b, double c, double d, double e, double f, double g, double h,
           double i, double j) { return a + 2*b + 3*c + 4*d + 5*e + 6*f + 7*g + 8*h + 9*i + 10*j; }
__attribute__((noinline)) static void inner(volatile int *p) {
    *p = 1; /* line 14 */
}
void outer(volatile int *p) {
    inner(p); /* line 17 */
    __asm__("");
}
void give_up(int x) {
    if (x) abort(); /* line 21 */
    __asm__("");
}
void nowhere(void (*f)(void)) {
    f(); /* line 25 */
    __asm__("");
}
"#;

fn started(flags: &[&str]) -> (Proc, u64) {
    let proc = Proc::with(0, |options| options.memory = 16 << 20);
    let lib = proc.load(&compile_with(KERNELS, flags));
    (proc, lib)
}

#[test]
fn words_become_what_the_function_takes() {
    for level in ["-O0", "-O2"] {
        let (proc, lib) = started(&["-g", level]);
        let block = proc.alloc(8);
        proc.write(block, &[0.25f64]);
        let args = Args::new()
            .u64(0, -3i64 as u64)
            .u64(1, 2.5f64.to_bits())
            .u64(2, 0xabcd_0004)
            .u64(3, u64::from(0.5f32.to_bits()) << 32)
            .u64(4, block);
        let call = |name: &str, args: &Args| {
            let (state, word) = proc.call(proc.sym(lib, name), args);
            assert_eq!(state, 0, "{name}");
            word
        };
        assert_eq!(
            f64::from_bits(call("mix", &args)),
            -3.0 + 2.5 * 4.0 - 0.5 + 0.25
        );
        let three = Args::new().u64(0, u64::from(3f32.to_bits()) << 32);
        assert_eq!(call("half", &three), u64::from(1.5f32.to_bits()) << 32);
        assert_eq!(call("negative", &Args::new().u64(0, 7)), -7i64 as u64);
        assert_eq!(call("tiny", &Args::new().u64(0, 0x1280)), -128i64 as u64);
        assert_eq!(call("is_odd", &Args::new().u64(0, 0xffff_0001)), 1);
        assert_eq!(call("low", &Args::new().u64(0, u64::MAX)), 0xffff);
        let mut args = Args::new();
        for index in 0..10 {
            args = args.u64(index, f64::from(index + 1).to_bits());
        }
        assert_eq!(f64::from_bits(call("ten", &args)), 385.0);
    }
}

#[test]
fn arguments_that_were_set_with_their_type_need_nothing() {
    let (proc, lib) = started(&["-O2"]);
    let args = Args::new().f32(0, 3.0).result(VEO_EMU_CLASS_FLOAT);
    let (_, word) = proc.call(proc.sym(lib, "half"), &args);
    assert_eq!(word, u64::from(1.5f32.to_bits()) << 32);
}

fn fault_of(kernel: &str, argument: u64) -> veo_emu_fault {
    let (proc, lib) = started(&["-g", "-O1"]);
    let (state, _) = proc.call(proc.sym(lib, kernel), &Args::new().u64(0, argument));
    assert_eq!(state, -1);
    proc.fault().unwrap()
}

#[test]
fn reports_name_the_source_line() {
    for (kernel, argument, line) in [("outer", 0x10, 14), ("give_up", 1, 21)] {
        let fault = fault_of(kernel, argument);
        let report = text(&fault.text);
        assert_eq!(fault.line, line, "{report}");
        assert!(text(&fault.file).ends_with(".c"), "{report}");
        assert!(report.contains(&format!(".c:{line}")), "{report}");
        assert_eq!(text(&fault.kernel), kernel);
    }
}

#[test]
fn a_call_of_no_function_is_told_from_its_caller() {
    for address in [0u64, 0x6000_0000_1000, 0x1234_5678_9abc_def0] {
        let fault = fault_of("nowhere", address);
        assert_eq!(fault.line, 25, "{address:#x}: {}", text(&fault.text));
    }
}

#[test]
fn a_separate_debug_file_serves_as_well() {
    let (library, debug) = split();
    let proc = Proc::with(0, |options| options.memory = 16 << 20);
    let lib = proc.load(&library);
    let args = Args::new().u64(0, u64::from(3f32.to_bits()) << 32);
    assert_eq!(
        proc.call(proc.sym(lib, "half"), &args).1,
        u64::from(1.5f32.to_bits()) << 32
    );
    proc.call(proc.sym(lib, "outer"), &Args::new().u64(0, 0x10));
    assert_eq!(proc.fault().unwrap().line, 14);
    std::fs::remove_file(debug).unwrap();
    std::fs::remove_file(library).unwrap();
}

fn split() -> (std::path::PathBuf, std::path::PathBuf) {
    let whole = compile_with(KERNELS, &["-g", "-O1"]);
    let library = whole.with_file_name(format!("libsplit-{}.so", std::process::id()));
    let debug = library.with_extension("so.debug");
    let objcopy = |arguments: &[&std::ffi::OsStr]| {
        let status = std::process::Command::new("objcopy")
            .args(arguments)
            .status()
            .unwrap();
        assert!(status.success());
    };
    objcopy(&["--only-keep-debug".as_ref(), whole.as_ref(), debug.as_ref()]);
    objcopy(&["--strip-debug".as_ref(), whole.as_ref(), library.as_ref()]);
    (library, debug)
}

#[test]
fn functions_are_named_as_in_their_source() {
    let (proc, lib) = started(&["-g", "-O1"]);
    proc.call(proc.sym(lib, "outer"), &Args::new().u64(0, 0x10));
    let report = text(&proc.fault().unwrap().text);
    assert!(
        report.contains("in kernel outer, in inner, "),
        "the function that the kernel called: {report}"
    );
    let (proc, lib) = started(&["-g", "-O1"]);
    proc.call(proc.sym(lib, "give_up"), &Args::new().u64(0, 1));
    let report = text(&proc.fault().unwrap().text);
    assert!(
        report.contains("in kernel give_up, /"),
        "once is enough: {report}"
    );

    if !has_cpp() {
        return;
    }
    let cpp = "namespace solver { template <class T> struct Grid { T *cells; \
        __attribute__((noinline)) void touch(int i) { cells[i] = T(); } }; }\n\
        extern \"C\" void step(double *at) { solver::Grid<double> grid{at}; grid.touch(2); }\n\
        void mangled(volatile int *at) { *at = 1; }\n";
    for (kernel, function) in [
        ("step", "solver::Grid<double>::touch(int)"),
        ("_Z7mangledPVi", "mangled(int volatile*)"),
    ] {
        let proc = Proc::with(0, |options| options.memory = 16 << 20);
        let lib = proc.load(&compile_with(cpp, &["-g", "-O0"]));
        proc.call(proc.sym(lib, kernel), &Args::new().u64(0, 0x1000));
        let report = text(&proc.fault().unwrap().text);
        let named = format!("in kernel {kernel}, in {function}, ");
        assert!(report.contains(&named), "{report}");
        assert_eq!(text(&proc.fault().unwrap().function), function);
        // The symbol table says the same.
        let proc = Proc::with(0, |options| options.memory = 16 << 20);
        let lib = proc.load(&compile_with(cpp, &["-g0", "-O0"]));
        proc.call(proc.sym(lib, kernel), &Args::new().u64(0, 0x1000));
        assert_eq!(text(&proc.fault().unwrap().function), function);
    }
}
