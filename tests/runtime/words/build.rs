//! Writes kernels of many words, their declarations, and the calls of each: nobody
//! types 256 parameters.

use std::fmt::Write;
use std::path::PathBuf;

use veo_build::Kernels;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut c = String::from(
        "#include <stdint.h>\n#include <string.h>\nstatic uint64_t seen[256];\n\
         void get_seen(uint64_t *out) { memcpy(out, seen, sizeof seen); memset(seen, 0, sizeof seen); }\n",
    );
    let (mut rust, mut table) = (String::new(), String::new());
    for count in [1, 8, 9, 32, 256] {
        let each = |text: &dyn Fn(usize) -> String| (0..count).map(text).collect::<String>();
        let list =
            |text: &dyn Fn(usize) -> String| (0..count).map(text).collect::<Vec<_>>().join(", ");
        writeln!(
            c,
            "uint64_t words_{count}({}) {{ {} return a{}; }}",
            list(&|k| format!("uint64_t a{k}")),
            each(&|k| format!("seen[{k}] = a{k}; ")),
            count - 1
        )
        .unwrap();
        writeln!(
            rust,
            "#[ve_kernel(lib = \"libvewords.so\")]\nfn words_{count}({}) -> u64;",
            list(&|k| format!("a{k}: u64"))
        )
        .unwrap();
        writeln!(
            table,
            "({count}, |ctx, words| words_{count}(ctx, {})?.wait()),",
            list(&|k| format!("words[{k}]"))
        )
        .unwrap();
    }
    writeln!(
        rust,
        "/// How many words, and a call with as many.\npub const KERNELS: &[(usize, Call)] = &[{table}];"
    )
    .unwrap();
    std::fs::write(out.join("words.c"), c).expect("OUT_DIR can be written");
    std::fs::write(out.join("words.rs"), rust).expect("OUT_DIR can be written");
    Kernels::new("libvewords.so")
        .file(out.join("words.c"))
        .compile();
}
