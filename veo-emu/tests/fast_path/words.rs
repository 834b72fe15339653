//! Words of any class in any number arrive in their registers and on the stack.

use std::collections::VecDeque;

use veo_abi::ffi::*;
use veo_abi::hmem;

use crate::common::*;
use fastrand::Rng;

use crate::{KERNELS, call_fast_path, give};

/// Kernels with parameters of these classes, each with its name. They return a number
/// made of all words, or 0 if the stack is not aligned.
fn signatures() -> (String, Vec<(String, Vec<u8>)>) {
    let (integer, float, double) = (
        VEO_EMU_CLASS_INTEGER as u8,
        VEO_EMU_CLASS_FLOAT as u8,
        VEO_EMU_CLASS_DOUBLE as u8,
    );
    let mut random = Rng::with_seed(7);
    let mut all = Vec::new();
    for count in [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 23, 24, 25, 31, 32, 33, 34,
        63, 64, 65, 128, 255, 256,
    ] {
        let mut lone = vec![integer; count];
        if let Some(last) = lone.last_mut() {
            *last = float;
        }
        all.extend([
            vec![integer; count],
            vec![double; count],
            vec![float; count],
            lone,
        ]);
        for _ in 0..3 {
            let mut any = || [integer, float, double][random.usize(..3)];
            all.push((0..count).map(|_| any()).collect());
        }
    }
    let mut source = String::from(
        "#include <stdint.h>\n#include <string.h>\n\
         static uint64_t i(uint64_t h, int64_t x) { return (h ^ (uint64_t)x) * 0x100000001b3u; }\n\
         static uint64_t f(uint64_t h, float x) { uint32_t w; memcpy(&w, &x, 4); return i(h, w); }\n\
         static uint64_t d(uint64_t h, double x) { uint64_t w; memcpy(&w, &x, 8); return i(h, w); }\n",
    );
    let mut named = Vec::new();
    for (number, classes) in all.into_iter().enumerate() {
        let name = format!("kernel{number}");
        let (mut parameters, mut body) = (Vec::new(), String::new());
        for (at, class) in classes.iter().enumerate() {
            let (ty, with) = match *class {
                class if class == integer => ("int64_t", 'i'),
                class if class == float => ("float", 'f'),
                _ => ("double", 'd'),
            };
            parameters.push(format!("{ty} x{at}"));
            body += &format!(" h = {with}(h, x{at});");
        }
        let parameters = if parameters.is_empty() {
            "void".to_owned()
        } else {
            parameters.join(", ")
        };
        source += &format!(
            "uint64_t {name}({parameters}) {{ uint64_t h = {number};{body} \
             return (uintptr_t)__builtin_frame_address(0) % 16 ? 0 : h; }}\n"
        );
        named.push((name, classes));
    }
    (source, named)
}

#[test]
fn words_of_any_class_and_number_go_where_they_belong() {
    let proc = Proc::new(0);
    let (source, kernels) = signatures();
    let library = proc.load(&compile(&source));
    let ctx = proc.open();
    let kernels: Vec<_> = kernels
        .into_iter()
        .map(|(name, classes)| (proc.sym(library, &name), classes))
        .collect();
    let mut random = Rng::with_seed(11);
    // Several times, so that every place of the ring has held something else before. With few at
    // once each call takes the fast path; with many some wait for room.
    for burst in [1, 3, 40, 700] {
        let mut left = 700;
        while left > 0 {
            let mut expected = VecDeque::new();
            for _ in 0..burst.min(left) {
                let number = random.usize(..kernels.len());
                let (function, classes) = &kernels[number];
                let mut hash = number as u64;
                let words: Vec<u64> = classes
                    .iter()
                    .map(|class| {
                        // No floating-point number that a register could change.
                        let word = random.u64(..) & 0xbfff_ffff_bfff_ffff;
                        let float = u32::from(*class) == VEO_EMU_CLASS_FLOAT;
                        let seen = if float { word >> 32 } else { word };
                        hash = (hash ^ seen).wrapping_mul(0x100_0000_01b3);
                        word
                    })
                    .collect();
                let id = if random.usize(..3) > 0 {
                    call_fast_path(ctx, *function, &words, classes)
                } else {
                    let mut args = Args::new();
                    for (at, (word, class)) in words.iter().zip(classes).enumerate() {
                        let at = at as i32;
                        args = match u32::from(*class) {
                            VEO_EMU_CLASS_FLOAT => {
                                args.f32(at, f32::from_bits((word >> 32) as u32))
                            }
                            VEO_EMU_CLASS_DOUBLE => args.f64(at, f64::from_bits(*word)),
                            _ => args.u64(at, *word),
                        };
                    }
                    if random.usize(..2) == 0 {
                        args = args.result(VEO_EMU_CLASS_INTEGER);
                    }
                    ctx.call(*function, &args)
                };
                assert_ne!(id, VEO_REQUEST_ID_INVALID, "{}", last_error());
                expected.push_back((id, hash, number));
            }
            left -= expected.len();
            for (id, hash, number) in expected {
                assert_eq!(ctx.ok(id), hash, "kernel{number} {:?}", kernels[number].1);
            }
        }
    }
}

#[test]
fn a_word_without_a_class_is_an_address_that_loses_its_tag() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let (ctx, function) = (proc.open(), proc.sym(library, "give"));
    let own = identifier(&proc);
    let (address, tagged) = (0x6000_1234_5678, hmem::tag(0x6000_1234_5678, own));
    let foreign = hmem::tag(address, (own + 1) % hmem::MAX_PROCESSES);
    let (classless, integer) = (VEO_EMU_CLASS_HMEM as u8, VEO_EMU_CLASS_INTEGER as u8);
    for count in [1, 2, 7, 31, 32, 33, 64, 256] {
        let words = vec![tagged; count];
        let mut classes = vec![integer; count];
        let id = call_fast_path(ctx, function, &words, &classes);
        assert_eq!(ctx.ok(id), tagged);
        // Other words without a class do not affect the first, which has one.
        classes[1..].fill(classless);
        let id = call_fast_path(ctx, function, &words, &classes);
        assert_eq!(ctx.ok(id), tagged);
        classes[0] = classless;
        let id = call_fast_path(ctx, function, &words, &classes);
        assert_eq!(ctx.ok(id), address);
        // That of another process keeps its tag: without it, it would be one of this process.
        let id = call_fast_path(ctx, function, &vec![foreign; count], &classes);
        assert_eq!(ctx.ok(id), foreign);
    }
}

/// The number by which hmem addresses name the process.
fn identifier(proc: &Proc) -> usize {
    usize::try_from(call!(veo_proc_identifier(proc.0))).unwrap()
}

#[test]
fn calls_that_cannot_be_made_are_refused_and_harm_nothing() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let (ctx, function) = (proc.open(), proc.sym(library, "give"));
    let first = give(ctx, function, 6);
    assert_eq!(ctx.ok(first), 6);
    let classes = [VEO_EMU_CLASS_INTEGER as u8; 257];
    assert_eq!(
        call_fast_path(ctx, function, &[0; 257], &classes),
        VEO_REQUEST_ID_INVALID
    );
    assert!(last_error().contains("257 arguments"), "{}", last_error());
    assert_eq!(
        call_fast_path(ctx, 0, &[0], &classes[..1]),
        VEO_REQUEST_ID_INVALID
    );
    let (word, none) = (7, std::ptr::null());
    for (words, classes) in [(&raw const word, none), (none, &raw const word)] {
        let id = call!(veo_emu_call_async(
            ctx.0,
            function,
            words,
            classes,
            1,
            VEO_EMU_CLASS_INTEGER
        ));
        assert_eq!(id, VEO_REQUEST_ID_INVALID);
        assert!(last_error().contains("NULL"), "{}", last_error());
    }
    // None of them took an id.
    let next = give(ctx, function, 5);
    assert_eq!((next, ctx.ok(next)), (first + 1, 5));
}

/// The most memory that this process has had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u64 = line.unwrap().trim_end_matches("kB").trim().parse().unwrap();
    kib << 10
}

/// A tagged address makes the host look at all files that the VE process has mapped.
#[test]
fn a_huge_file_that_a_kernel_has_mapped_is_not_read() {
    const SIZE: u64 = (1 << 30) + (1 << 20);
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("mapped-by-a-kernel");
    // Sparse: it takes no room on the disk.
    std::fs::File::create(&path).unwrap().set_len(SIZE).unwrap();
    let source = format!(
        "#include <fcntl.h>\n#include <stdint.h>\n#include <sys/mman.h>\n\
         uint64_t map(void) {{ int file = open(\"{}\", O_RDONLY);\n\
         return mmap(0, 4096, PROT_READ, MAP_PRIVATE, file, 0) != MAP_FAILED; }}\n\
         uint64_t same(uint64_t x) {{ return x; }}\n",
        path.display()
    );
    let proc = Proc::new(0);
    let library = proc.load(&compile(&source));
    let ctx = proc.open();
    assert_eq!(
        ctx.ok(call_fast_path(ctx, proc.sym(library, "map"), &[], &[])),
        1
    );
    let before = peak();
    let id = call_fast_path(
        ctx,
        proc.sym(library, "same"),
        &[hmem::tag(0x6000_1234_5678, identifier(&proc))],
        &[0],
    );
    assert_eq!(ctx.ok(id), 0x6000_1234_5678);
    let grown = peak() - before;
    std::fs::remove_file(&path).unwrap();
    assert!(grown < SIZE / 2, "the host took {grown} bytes more");
}
