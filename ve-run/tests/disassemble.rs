//! `ve-run --disassemble` against `llvm-objdump` of LLVM 19, on whole objects that clang made for the VE.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use veo_test_support::compile::tool;
use veo_test_support::{available, found, ve};

fn llvm() -> bool {
    available(
        "llvm-objdump 19 (Debian: llvm-19)",
        found("llvm-objdump-19"),
    ) && ve::can_compile()
}

fn ve_run(file: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ve-run"))
        .arg("--disassemble")
        .arg(file)
        .output()
        .unwrap()
}

fn disassembled(file: &Path) -> Vec<String> {
    let output = ve_run(file);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// `address: text` of each line with an instruction.
fn by_objdump(file: &Path) -> Vec<String> {
    let text = tool(
        Command::new("llvm-objdump-19")
            .args(["-d", "--no-show-raw-insn"])
            .arg(file),
    );
    let lines = text.lines().filter_map(|line| {
        let (address, text) = line.split_once(":")?;
        u64::from_str_radix(address.trim(), 16).ok()?;
        Some(format!(
            "{}: {}",
            address.trim(),
            text.trim().replace('\t', " ")
        ))
    });
    lines.collect()
}

/// C with what compilers make of integers, floats of all widths, calls, tables, atomics and thread-local data.
const C: &str = r#"
#include <stdarg.h>
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long u64;
extern int callee(int, ...);
_Thread_local int local;
static const int table[5] = { 3, 1, 4, 1, 5 };
int choose(int x) { switch (x) { case 0: return 7; case 1: return callee(1); case 2: return local; case 3: return 12; case 4: return 9; case 5: return 1; } return table[x % 5]; }
long integers(long a, int b, short c, u8 d, u32 e, u64 f) { return a / b + c % (d + 1) - (e * 3 ^ (f >> 7)) + (a << b) + (b >> 3) + __builtin_clzl(f) + __builtin_popcountl(a) + (a > b ? c : d) + (long)((__int128)a * b >> 64); }
double floats(double a, float b, long double c, int d, u64 e) { return a * b + (double)c / d - (float)e + (a < b) + (b != b) + (int)a + (u32)b + (long)c; }
long double quads(long double a, double b) { return a * b - a + (a < b); }
u64 bits(u64 x) { return __builtin_bswap64(x) ^ __builtin_bitreverse64(x) ^ __builtin_bswap32(x); }
long atomics(long *p, int *q, u8 *r) { __atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST); __atomic_thread_fence(__ATOMIC_ACQUIRE); long e = 4; __atomic_compare_exchange_n(p, &e, 5, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED); return __atomic_exchange_n(q, 3, __ATOMIC_SEQ_CST) + __atomic_fetch_or(r, 1, __ATOMIC_RELAXED); }
long variadic(int n, ...) { va_list l; va_start(l, n); long s = 0; while (n--) s += va_arg(l, long) + va_arg(l, double); va_end(l); return s; }
void *frames(int n) { u8 *p = __builtin_alloca(n); callee((long)p); return __builtin_return_address(0); }
struct s { int a; double b; char c[40]; }; struct s structs(struct s x, struct s *y) { x.b += y->a; *y = x; return x; }
"#;

/// Vector instructions, masked and packed, through clang's intrinsics.
const VECTORS: &str = r#"
#include <velintrin.h>
void vectors(double *a, float *b, long *c, int n) {
    for (int i = 0; i < n; i += 256) {
        int vl = n - i < 256 ? n - i : 256;
        __vr x = _vel_vld_vssl(8, a + i, vl), y = _vel_vldu_vssl(4, b + i, vl), z = _vel_vld2d_vssl(8, c + i, vl);
        __vm256 m = _vel_vfmkdgt_mvl(x, vl);
        __vm512 p = _vel_lvm_MMss(_vel_pvfmkat_Ml(vl), 1, 7);
        x = _vel_vfmadd_vvvvmvl(x, x, x, m, x, vl);
        x = _vel_vfdivd_vsvl(2.0, x, vl);
        y = _vel_pvfmul_vvvMvl(y, y, p, y, vl);
        z = _vel_vaddsl_vsvmvl(3, z, m, z, vl);
        z = _vel_vsll_vvsl(z, 5, vl);
        z = _vel_vor_vsvl(15, z, vl);
        z = _vel_vmrg_vvvml(z, x, m, vl);
        z = _vel_vcvtwdsxrz_vvl(x, vl);
        z = _vel_vsfa_vvssl(z, 3, (unsigned long)c, vl);
        x = _vel_vgt_vvssml(z, 0, 0, m, vl);
        _vel_vsc_vvssml(x, z, 0, 0, m, vl);
        _vel_vstncot_vssl(_vel_vfsumd_vvl(x, vl), 8, a + i, vl);
        _vel_vst2d_vssml(_vel_vrcpd_vvl(x, vl), 8, c + i, m, vl);
        _vel_vstu_vssml(y, 4, b + i, m, vl);
        a[i] = _vel_lvsd_svs(x, 3) + _vel_pcvm_sml(m, vl);
    }
    _vel_svob();
}
"#;

/// Objects of both sources as clang makes them with these options.
fn objects(directory: &Path) -> Vec<PathBuf> {
    let mut objects = Vec::new();
    for (name, source) in [("scalar", C), ("vector", VECTORS)] {
        let file = directory.join(format!("{name}.c"));
        fs::write(&file, source).unwrap();
        for options in ["-O0", "-O2", "-O2 -fpic -ffunction-sections", "-Os -g"] {
            let object = directory.join(format!("{name}{}.o", objects.len()));
            let options: Vec<_> = options.split(' ').chain(["-w"]).collect();
            ve::compile(&file, &object, &options);
            objects.push(object);
        }
    }
    objects
}

#[test]
fn whole_objects_agree_with_objdump() {
    if !llvm() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut lines = 0;
    for object in objects(directory.path()) {
        let expected = by_objdump(&object);
        assert_eq!(disassembled(&object), expected, "{}", object.display());
        lines += expected.len();
    }
    assert!(lines > 1500, "{lines}");
}

#[test]
fn addresses_are_those_of_the_file() {
    if !llvm() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut bytes = fs::read(&objects(directory.path())[1]).unwrap();
    // The type is the half-word at 16; 3 is a shared object. The section headers begin where the word at 40 says, 64 bytes each; the
    // flags are at 8, of which 4 says that it is code, the address is at 16.
    bytes[16] = 3;
    let headers = u64::from_le_bytes(bytes[40..48].try_into().unwrap()) as usize;
    for header in bytes[headers..].chunks_exact_mut(64) {
        if header[8] & 4 != 0 {
            header[16..24].copy_from_slice(&0x7fff_0000_1000_u64.to_le_bytes());
        }
    }
    let moved = directory.path().join("moved.so");
    fs::write(&moved, bytes).unwrap();
    let lines = disassembled(&moved);
    assert!(lines[0].starts_with("7fff00001000: "), "{}", lines[0]);
    assert_eq!(lines, by_objdump(&moved));
}

#[test]
fn a_word_that_is_no_instruction_is_unknown() {
    if !llvm() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let source = ".text\n.quad 0x7900000000000000, 0, 0x7900000000000001\n.byte 1, 2, 3\n";
    let object = ve::object_of(&directory, "data.s", source, &["-w"]);
    assert_eq!(
        disassembled(&object),
        ["0: nop", "8: <unknown>", "10: <unknown>", "18: <unknown>"]
    );
}

fn refused(file: &Path, part: &str) {
    let output = ve_run(file);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(125), "{message}");
    let last = message.lines().last().unwrap_or("");
    assert!(
        last.starts_with("ve-run: cannot disassemble ") && last.contains(part),
        "{message}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn bad_files_are_refused_in_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    refused(&directory.path().join("none.o"), "No such file");
    refused(directory.path(), "directory");
    let file = directory.path().join("file.o");
    for (content, part) in [
        (&b""[..], "no 64-bit ELF"),
        (b"int main() {}\n", "no 64-bit ELF"),
        (b"\x7fELF\x02\x01\x01", "ELF"),
    ] {
        fs::write(&file, content).unwrap();
        refused(&file, part);
    }
    let own = fs::read(env!("CARGO_BIN_EXE_ve-run")).unwrap();
    fs::write(&file, own).unwrap();
    refused(&file, "not for the Vector Engine");
    // Nobody writes to it.
    let fifo = directory.path().join("fifo");
    tool(Command::new("mkfifo").arg(&fifo));
    refused(&fifo, "no 64-bit ELF");
}

#[test]
fn damaged_files_do_no_harm() {
    if !llvm() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let whole = fs::read(&objects(directory.path())[1]).unwrap();
    let file = directory.path().join("damaged.o");
    let mut random = fastrand::Rng::with_seed(17);
    let mut refused = 0;
    for round in 0..150 {
        let mut bytes = whole.clone();
        match round % 3 {
            0 => bytes.truncate(random.usize(..bytes.len())),
            // The header, and section headers at the end of the file.
            1 => bytes[random.usize(16..64)] = random.u8(..),
            _ => {
                let end = bytes.len();
                bytes[random.usize(end - 640..end)] = random.u8(..);
            }
        }
        fs::write(&file, bytes).unwrap();
        let output = ve_run(&file);
        assert!(matches!(output.status.code(), Some(0 | 125)), "{output:?}");
        refused += usize::from(output.status.code() == Some(125));
    }
    assert!((30..150).contains(&refused), "{refused}");
}

#[test]
fn wrong_command_lines_are_usage_errors() {
    for line in [
        "",
        "--frobnicate",
        "--disassemble",
        "--trace everything k.o",
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ve-run"))
            .args(line.split_whitespace())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {output:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(
            message.lines().last().unwrap().starts_with("ve-run: "),
            "{message}"
        );
    }
}

#[test]
fn help_and_version_need_no_reader() {
    for option in ["--help", "--version"] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_ve-run"))
            .arg(option)
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(
            (output.status.code(), output.stderr),
            (Some(0), Vec::new()),
            "{option}"
        );
    }
}
