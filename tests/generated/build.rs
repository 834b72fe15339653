//! Generates kernels that record their arguments, their declarations, and code that
//! calls them with any bits.

use std::fmt::Write;
use std::path::PathBuf;

use veo_build::Kernels;

/// A parameter or result type: in Rust, in C, and how bits become a value.
struct Type {
    rust: &'static str,
    c: &'static str,
    from_bits: &'static str,
    to_bits: &'static str,
}

const SCALARS: [Type; 10] = [
    integer("i8", "int8_t", "as u8 as u64"),
    integer("u8", "uint8_t", "as u64"),
    integer("i16", "int16_t", "as u16 as u64"),
    integer("u16", "uint16_t", "as u64"),
    integer("i32", "int32_t", "as u32 as u64"),
    integer("u32", "uint32_t", "as u64"),
    integer("i64", "int64_t", "as u64"),
    integer("u64", "uint64_t", "as u64"),
    Type {
        rust: "f32",
        c: "float",
        from_bits: "f32::from_bits(BITS as u32)",
        to_bits: ".to_bits() as u64",
    },
    Type {
        rust: "f64",
        c: "double",
        from_bits: "f64::from_bits(BITS)",
        to_bits: ".to_bits()",
    },
];

const fn integer(rust: &'static str, c: &'static str, to_bits: &'static str) -> Type {
    Type {
        rust,
        c,
        from_bits: "(BITS as TYPE)",
        to_bits,
    }
}

/// What a kernel takes at one place.
#[derive(Clone, Copy)]
enum Parameter {
    Scalar(usize),
    /// A word on the stack that the kernel reads.
    Input,
    /// A word on the stack that the kernel reads and then inverts.
    InOut,
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut c = String::from(
        "#include <stdint.h>\n#include <string.h>\n\
         static uint64_t seen[256], wanted;\n\
         void set_result(uint64_t bits) { wanted = bits; }\n\
         void get_seen(uint64_t *out) { memcpy(out, seen, sizeof seen); memset(seen, 0, sizeof seen); }\n",
    );
    let mut rust = String::new();
    let mut table = String::new();
    let u64_ = 7;
    for count in [1, 8, 9, 32, 256] {
        let parameters = vec![Parameter::Scalar(u64_); count];
        let name = format!("words_{count}");
        generate(
            &name,
            &parameters,
            Some(u64_),
            &mut c,
            &mut rust,
            &mut table,
        );
    }
    let mut random = Random(20_200_229);
    for number in 0..40 {
        let parameters: Vec<Parameter> = (0..=number)
            .map(|_| match random.below(14) {
                k @ 0..10 => Parameter::Scalar(k),
                10 | 11 => Parameter::Input,
                12 => Parameter::InOut,
                _ => Parameter::Scalar(8), // floats are what a calling sequence gets wrong
            })
            .collect();
        let result = Some(random.below(11)).filter(|&k| k < 10);
        let name = format!("mixed_{number}");
        generate(&name, &parameters, result, &mut c, &mut rust, &mut table);
    }
    rust += &format!("/// All of them.\npub const KERNELS: &[Generated] = &[{table}];\n");
    std::fs::write(out.join("generated.c"), c).expect("OUT_DIR can be written");
    std::fs::write(out.join("generated.rs"), rust).expect("OUT_DIR can be written");
    Kernels::new("libvegenerated.so")
        .file(out.join("generated.c"))
        .compile();
}

fn generate(
    name: &str,
    parameters: &[Parameter],
    result: Option<usize>,
    c: &mut String,
    rust: &mut String,
    table: &mut String,
) {
    let (mut c_params, mut c_body, mut rust_params) = (vec![], String::new(), vec![]);
    let (mut prepare, mut arguments, mut back) = (String::new(), String::new(), vec![]);
    let mut types = vec![];
    for (k, parameter) in parameters.iter().enumerate() {
        match parameter {
            Parameter::Scalar(scalar) => {
                let Type {
                    rust, c, from_bits, ..
                } = &SCALARS[*scalar];
                c_params.push(format!("{c} a{k}"));
                writeln!(c_body, "\tmemcpy(&seen[{k}], &a{k}, sizeof a{k});").unwrap();
                rust_params.push(format!("a{k}: {rust}"));
                let bits = format!("bits[{k}]");
                let value = from_bits.replace("BITS", &bits).replace("TYPE", rust);
                write!(arguments, "{value}, ").unwrap();
                types.push(*rust);
            }
            Parameter::Input => {
                c_params.push(format!("const uint64_t *a{k}"));
                writeln!(c_body, "\tseen[{k}] = *a{k};").unwrap();
                rust_params.push(format!("a{k}: *const u64"));
                write!(arguments, "OnStack::input(&bits[{k}]), ").unwrap();
                types.push("*const u64");
            }
            Parameter::InOut => {
                c_params.push(format!("uint64_t *a{k}"));
                writeln!(c_body, "\tseen[{k}] = *a{k}; *a{k} = ~*a{k};").unwrap();
                rust_params.push(format!("a{k}: *mut u64"));
                writeln!(prepare, "let mut b{k} = bits[{k}];").unwrap();
                write!(arguments, "OnStack::inout(&mut b{k}), ").unwrap();
                back.push(format!("({k}, b{k})"));
                types.push("*mut u64");
            }
        }
    }
    let (c_result, rust_result, to_bits, result_type) = match result.map(|k| &SCALARS[k]) {
        Some(Type {
            rust, c, to_bits, ..
        }) => (*c, format!(" -> {rust}"), *to_bits, *rust),
        None => ("void", String::new(), "", ""),
    };
    writeln!(c, "{c_result} {name}({}) {{\n{c_body}", c_params.join(", ")).unwrap();
    if result.is_some() {
        writeln!(
            c,
            "\t{c_result} r;\n\tmemcpy(&r, &wanted, sizeof r);\n\treturn r;"
        )
        .unwrap();
    }
    writeln!(c, "}}").unwrap();
    let rust_params = rust_params.join(", ");
    writeln!(
        rust,
        "#[ve_kernel(lib = \"libvegenerated.so\")]\nfn {name}({rust_params}){rust_result};"
    )
    .unwrap();
    let convert = match result {
        Some(_) => format!("r {to_bits}"),
        None => "{ let () = r; 0 }".to_owned(),
    };
    writeln!(
        table,
        "Generated {{ name: \"{name}\", parameters: &{types:?}, result: \"{result_type}\", \
         call: |ctx, bits| {{ {prepare} let r = {name}(ctx, {arguments})?.wait()?; \
         Ok(({convert}, vec![{}])) }} }},",
        back.join(", ")
    )
    .unwrap();
}

/// A small generator of numbers that are the same in every build.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}
