//! Writes kernels of random signatures: their C sources, their declarations, and the
//! calls of each.
//!
//! Every kernel takes a log first. It writes the bits of each argument, or of what the
//! argument points to, into the log, inverts what it may write to, and returns one of
//! its arguments.

use std::fmt::Write as _;
use std::path::Path;

use fastrand::Rng;
use veo_build::{Kernels, Target};

const KERNELS: u64 = 48;

/// Rust type, C type, size.
const SCALARS: [(&str, &str, usize); 15] = [
    ("i8", "int8_t", 1),
    ("i16", "int16_t", 2),
    ("i32", "int32_t", 4),
    ("i64", "int64_t", 8),
    ("u8", "uint8_t", 1),
    ("u16", "uint16_t", 2),
    ("u32", "uint32_t", 4),
    ("u64", "uint64_t", 8),
    ("isize", "intptr_t", 8),
    ("usize", "size_t", 8),
    ("f32", "float", 4),
    ("f64", "double", 8),
    ("core::ffi::c_int", "int", 4),
    ("core::ffi::c_ulong", "unsigned long", 8),
    ("core::ffi::c_char", "char", 1),
];

/// How many values slices and arrays have.
const MANY: usize = 3;

fn main() {
    println!("cargo::rerun-if-env-changed=VEO_TEST_SEED");
    let seed = std::env::var("VEO_TEST_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_261_122);
    let mut random = Rng::with_seed(seed);
    let mut text = Text::default();
    text.c
        .push_str("#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n");
    text.c
        .push_str("typedef struct pair { int8_t a; double b; } pair;\n");
    writeln!(text.rust, "const SEED: u64 = {seed};").unwrap();
    for index in 0..KERNELS {
        // Each number of parameters up to 40 in turn.
        let count = 1 + index * 39 / (KERNELS - 1);
        kernel(index, count as usize, &mut random, &mut text);
    }
    let calls: String = (0..KERNELS).map(|i| format!("call_{i},")).collect();
    writeln!(text.rust, "const CALLS: [Call; {KERNELS}] = [{calls}];").unwrap();
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(Path::new(&out).join("kernels.rs"), text.rust).unwrap();
    Kernels::new("librandom.so")
        .inline("random.c", text.c)
        .targets([Target::Host])
        .compile();
}

#[derive(Default)]
struct Text {
    c: String,
    rust: String,
}

/// One parameter, in all the places that mention it.
struct Param {
    rust: String,
    c: String,
    /// The kernel's use of it.
    body: String,
    /// The code before the call, the argument, and the code after it.
    before: String,
    argument: String,
    after: String,
}

fn kernel(index: u64, count: usize, random: &mut Rng, text: &mut Text) {
    let mut params: Vec<Param> = (0..count).map(|at| param(at, random)).collect();
    // One scalar at least, to be returned.
    let at = random.u64(..count as u64) as usize;
    let (rust, c, _) = SCALARS[random.u64(..SCALARS.len() as u64) as usize];
    params[at] = scalar(at, rust, c);

    let list = |part: fn(&Param) -> &str, with: &dyn Fn(usize, &str) -> String| {
        let parts: Vec<String> = params
            .iter()
            .enumerate()
            .map(|(i, p)| with(i, part(p)))
            .collect();
        parts.join(", ")
    };
    let c_params = list(|p| &p.c, &|i, ty| format!("{ty}p{i}"));
    let rust_params = list(|p| &p.rust, &|i, ty| format!("p{i}: {ty}"));
    let arguments = list(|p| &p.argument, &|_, argument| argument.to_owned());
    let join = |part: fn(&Param) -> &str| params.iter().map(part).collect::<String>();
    let (body, before, after) = (join(|p| &p.body), join(|p| &p.before), join(|p| &p.after));

    writeln!(
        text.c,
        "{c} k{index}(uint64_t *log, {c_params}) {{\nuint64_t w;\n{body}return p{at};\n}}"
    )
    .unwrap();
    writeln!(
        text.rust,
        "#[ve_kernel(lib = \"librandom.so\")]
fn k{index}(log: *mut u64, {rust_params}) -> {rust};

fn call_{index}(proc: &VeoProc, ctx: &VeoContext, random: &mut Rng) -> Result<()> {{
let mut log = [0u64; {count}];
let mut expected = [0u64; {count}];
{before}
let wanted = expected[{at}];
let result = if random.u64(..2) == 0 {{
k{index}(proc, OnStack::output(&mut log), {arguments})?
}} else {{
k{index}(ctx, OnStack::output(&mut log), {arguments})?.wait()?
}};
assert_eq!(log, expected, \"arguments of k{index}, seed {{SEED}}\");
assert_eq!(result.bits(), wanted, \"result of k{index}, seed {{SEED}}\");
{after}
Ok(())
}}"
    )
    .unwrap();
}

fn scalar(at: usize, rust: &str, c: &str) -> Param {
    Param {
        rust: rust.to_owned(),
        c: format!("{c} "),
        body: format!("w = 0; memcpy(&w, &p{at}, sizeof p{at}); log[{at}] = w;\n"),
        before: format!(
            "let v{at} = <{rust} as Bits>::random(random);\nexpected[{at}] = v{at}.bits();\n"
        ),
        argument: format!("v{at}"),
        after: String::new(),
    }
}

/// Logs the last value and inverts it, where it can be written.
fn pointee_body(at: usize, last: usize, written: bool) -> String {
    let mut body = format!("w = 0; memcpy(&w, p{at} + {last}, sizeof *p{at}); log[{at}] = w;\n");
    if written {
        body.push_str(&format!(
            "for (size_t j = 0; j < sizeof *p{at}; j++) ((unsigned char *)(p{at} + {last}))[j] ^= 0xff;\n"
        ));
    }
    body
}

fn param(at: usize, random: &mut Rng) -> Param {
    let (rust, c, _) = SCALARS[random.u64(..SCALARS.len() as u64) as usize];
    let value =
        format!("let v{at} = <{rust} as Bits>::random(random);\nexpected[{at}] = v{at}.bits();\n");
    let many = format!("[Bits::random(random), Bits::random(random), v{at}]");
    let last = MANY - 1;
    let inverted = format!("v{at}.inverted()");
    let (ty, declared, before, argument, found, body) = match random.u64(..11) {
        // Memory on the VE, read and written.
        0 => (
            format!("*const {rust}"),
            format!("const {c} *"),
            format!("let d{at} = proc.upload::<{rust}>(&{many})?;\n"),
            format!("&d{at}"),
            None,
            pointee_body(at, last, false),
        ),
        1 => (
            format!("*mut {rust}"),
            format!("{c} *"),
            format!("let mut d{at} = proc.upload::<{rust}>(&{many})?;\n"),
            format!("&mut d{at}"),
            Some(format!("d{at}.to_vec()?[{last}]")),
            pointee_body(at, last, true),
        ),
        // Data on the stack of the kernel.
        2 => (
            format!("*mut {rust}"),
            format!("{c} *"),
            format!("let mut d{at} = v{at};\n"),
            format!("OnStack::inout(&mut d{at})"),
            Some(format!("d{at}")),
            pointee_body(at, 0, true),
        ),
        3 => (
            format!("&{rust}"),
            format!("const {c} *"),
            String::new(),
            format!("&v{at}"),
            None,
            pointee_body(at, 0, false),
        ),
        4 => (
            format!("&mut {rust}"),
            format!("{c} *"),
            format!("let mut d{at} = v{at};\n"),
            format!("&mut d{at}"),
            Some(format!("d{at}")),
            pointee_body(at, 0, true),
        ),
        5 => (
            format!("&[{rust}]"),
            format!("const {c} *"),
            format!("let d{at}: Vec<{rust}> = {many}.to_vec();\n"),
            format!("&d{at}"),
            None,
            pointee_body(at, last, false),
        ),
        6 => (
            format!("&mut [{rust}; {MANY}]"),
            format!("{c} *"),
            format!("let mut d{at}: [{rust}; {MANY}] = {many};\n"),
            format!("&mut d{at}"),
            Some(format!("d{at}[{last}]")),
            pointee_body(at, last, true),
        ),
        7 => return pair(at),
        _ => return scalar(at, rust, c),
    };
    Param {
        rust: ty,
        c: declared,
        body,
        before: value + &before,
        argument,
        after: found
            .map(|found| format!("assert_eq!({found}.bits(), {inverted}.bits(), \"p{at}\");\n"))
            .unwrap_or_default(),
    }
}

/// A structure with padding.
fn pair(at: usize) -> Param {
    Param {
        rust: "&mut Pair".to_owned(),
        c: "pair *".to_owned(),
        body: format!(
            "memcpy(&w, &p{at}->b, sizeof w); log[{at}] = w ^ (uint8_t)p{at}->a; p{at}->a = (int8_t)~p{at}->a;\n"
        ),
        before: format!(
            "let v{at} = Pair {{ a: Bits::random(random), b: Bits::random(random) }};\n\
             let mut d{at} = v{at};\nexpected[{at}] = v{at}.b.bits() ^ v{at}.a.bits();\n"
        ),
        argument: format!("&mut d{at}"),
        after: format!(
            "assert_eq!((d{at}.a, d{at}.b.bits()), (!v{at}.a, v{at}.b.bits()), \"p{at}\");\n"
        ),
    }
}
