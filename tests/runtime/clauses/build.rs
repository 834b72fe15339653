//! Writes declarations with random clauses, and calls of each.
//!
//! The kernel behind all of them is one C function that does nothing.

use std::fmt::Write as _;
use std::path::Path;

use fastrand::Rng;
use veo_build::Kernels;

const CLAUSES: usize = 150;

/// The parameters, as they are declared and as a call names them.
const PARAMETERS: &str = "a: i64, b: u64, c: i8, d: u32, f: f64, g: f32, r: &i32, s: *const u16, \
                          x: *const f64, y: *const i32, z: *const core::ffi::c_void";

const INTEGERS: [&str; 6] = ["a", "b", "c", "d", "r", "s"];
const FLOATS: [&str; 2] = ["f", "g"];
const MEMORY: [&str; 3] = ["x", "y", "z"];

fn main() {
    println!("cargo::rerun-if-env-changed=VEO_TEST_SEED");
    let seed = std::env::var("VEO_TEST_SEED");
    let seed = seed.ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let mut random = Rng::with_seed(seed);
    let mut declarations = String::new();
    let mut calls = String::new();
    for index in 0..CLAUSES {
        let clause = loop {
            let clause = truth(&mut random, 4);
            if names_a_parameter(&clause) {
                break clause;
            }
        };
        writeln!(
            declarations,
            "#[ve_kernel(name = \"nothing\", requires({clause}))]\n\
             safe fn clause_{index}({PARAMETERS}) -> i32;"
        )
        .expect("text can be written");
        writeln!(
            calls,
            "{index} => clause_{index}(proc, n.a, n.b, n.c, n.d, n.f, n.g, &n.r, s, x, y, z),"
        )
        .expect("text can be written");
    }
    let text = format!(
        "const SEED: u64 = {seed};
const CLAUSES: usize = {CLAUSES};

#[ve_kernel(lib = \"libclauses.so\", verify = \"off\")]
unsafe extern \"C\" {{
{declarations}}}

fn call<'a>(
    index: usize,
    proc: &VeoProc,
    n: &Numbers,
    s: impl Arg<'a, *const u16>,
    x: impl Arg<'a, *const f64>,
    y: impl Arg<'a, *const i32>,
    z: impl Arg<'a, *const core::ffi::c_void>,
) -> Result<i32> {{
    match index {{
{calls}        _ => unreachable!(),
    }}
}}
"
    );
    let out = std::env::var("OUT_DIR").expect("Cargo sets it");
    let source = Path::new(&out).join("nothing.c");
    std::fs::write(&source, "int nothing(void) { return 7; }\n").expect("OUT_DIR is writable");
    std::fs::write(Path::new(&out).join("clauses.rs"), text).expect("OUT_DIR is writable");
    Kernels::new("libclauses.so").file(source).compile();
}

/// The compiler computes the others.
fn names_a_parameter(clause: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = clause.split(|c| !is_word(c));
    words.any(|word| word.len() == 1 && word.starts_with(char::is_alphabetic))
}

fn one_of<'t>(random: &mut Rng, texts: &[&'t str]) -> &'t str {
    texts[random.usize(..texts.len())]
}

/// A condition. Parentheses are left out where they are not needed, too.
fn truth(random: &mut Rng, depth: u32) -> String {
    let next = depth.saturating_sub(1);
    match random.u32(..if depth == 0 { 6 } else { 11 }) {
        0..=2 => {
            let op = one_of(random, &["<", "<=", ">", ">=", "==", "!="]);
            format!("{} {op} {}", integer(random, next), integer(random, next))
        }
        3 => {
            let op = one_of(random, &["<", "<=", ">", ">=", "==", "!="]);
            format!("{} {op} {}", float(random, next), float(random, next))
        }
        4 => {
            let memory = one_of(random, &MEMORY);
            match random.u32(..3) {
                0 => format!("{memory}.is_null()"),
                1 => match integer(random, 0).as_str() {
                    // No clause can be kept with this one, which does not compile.
                    "0" => format!("{memory}.is_aligned(1)"),
                    n => format!("{memory}.is_aligned({n})"),
                },
                _ => {
                    let of = one_of(random, &["x", "y", "z", "a", "f", "r", "s"]);
                    format!("requires_known({of})")
                }
            }
        }
        5 => {
            let (x, y) = (one_of(random, &MEMORY), one_of(random, &MEMORY));
            format!("disjoint({x}, {y})")
        }
        6 => format!("!({})", truth(random, next)),
        7 => {
            let op = one_of(random, &["==", "!="]);
            format!("({}) {op} ({})", truth(random, next), truth(random, next))
        }
        kind => {
            let op = one_of(random, &["&&", "||"]);
            let (left, right) = (truth(random, next), truth(random, next));
            if kind == 8 {
                format!("{left} {op} {right}")
            } else {
                format!("({left}) {op} ({right})")
            }
        }
    }
}

fn integer(random: &mut Rng, depth: u32) -> String {
    let next = depth.saturating_sub(1);
    match random.u32(..if depth == 0 { 5 } else { 9 }) {
        0..=1 => one_of(random, &INTEGERS).to_owned(),
        2 => format!("{}.len()", one_of(random, &MEMORY)),
        3 => random.u32(..9).to_string(),
        4 => match random.u32(..3) {
            0 => "170141183460469231731687303715884105727".to_owned(),
            1 => (1_u128 << random.u32(..127)).to_string(),
            _ => "i64::MAX".to_owned(),
        },
        5 => format!("-({})", integer(random, next)),
        6 => {
            let function = one_of(random, &["min", "max"]);
            let (a, b) = (integer(random, next), integer(random, next));
            format!("{function}({a}, {b})")
        }
        kind => {
            let op = one_of(random, &["+", "-", "*", "/", "%"]);
            let (left, right) = (integer(random, next), integer(random, next));
            if kind == 7 {
                format!("{left} {op} {right}")
            } else {
                format!("({left} {op} {right})")
            }
        }
    }
}

fn float(random: &mut Rng, depth: u32) -> String {
    let next = depth.saturating_sub(1);
    match random.u32(..if depth == 0 { 3 } else { 6 }) {
        0..=1 => one_of(random, &FLOATS).to_owned(),
        2 => one_of(random, &["0.0", "1.5", "2e300", "0.1f32", "f64::EPSILON"]).to_owned(),
        3 => format!("-({})", float(random, next)),
        4 => {
            let function = one_of(random, &["min", "max"]);
            format!(
                "{function}({}, {})",
                float(random, next),
                float(random, next)
            )
        }
        _ => {
            let op = one_of(random, &["+", "-", "*", "/", "%"]);
            format!("({} {op} {})", float(random, next), float(random, next))
        }
    }
}
