//! Damaged files: reading them must end, soon, with a result or an error.
//! `VEO_TEST_LONG=<rounds>` damages more of them:
//! `VEO_TEST_LONG=100000 cargo test --release -p veo-tests --test debuginfo damage`

use fastrand::Rng;
use std::time::Duration;

use veo_abi::prototype::{Prototypes, compare};
use veo_core::VeData;
use veo_debuginfo::prototypes::read;

use crate::cases::Pair;
use crate::compilers::{c_compilers, fortran_compilers};
use crate::types::{F32, signature, to};

/// More time of a processor than any of these files may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The time that this thread has had a processor: what else the machine does is not in it.
fn processor_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the structure is valid for writing.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Reads a file in every way that a program does.
pub fn read_and_use(elf: &[u8], debug: Option<&[u8]>) -> Option<Prototypes> {
    let start = processor_time();
    let found = read(elf, debug).ok();
    if let Some(found) = &found {
        for (_, prototype) in found.iter() {
            assert!(prototype.to_string().len() < 1 << 20);
            let declaration = prototype.rust_declaration().unwrap_or_default();
            assert!(declaration.len() < 1 << 20);
            let params = vec![to(Pair::TYPE); prototype.params.len()];
            for mismatch in compare(&signature(&params, F32), prototype).mismatches {
                assert!(mismatch.to_string().len() < 1 << 20);
            }
        }
        let text = found.to_text();
        let again = Prototypes::from_text(&text).expect("what was written can be read");
        assert_eq!(again.to_text(), text);
    }
    let time = processor_time() - start;
    assert!(time < PATIENCE, "{} bytes took {time:?}", elf.len());
    found
}

fn rounds(quick: usize) -> usize {
    match std::env::var("VEO_TEST_LONG") {
        Ok(rounds) => rounds.parse().expect("VEO_TEST_LONG is a number of rounds"),
        Err(_) => quick,
    }
}

const SOURCE: &str = "\
struct node { struct node *next; int a[3]; union { int i; double d; } u; unsigned f : 3; };
typedef struct pair { int a; double b; } pair_t;
enum color { RED, GREEN };
long add(int a, double *b) { return a + (long)*b; }
void walk(struct node *n, pair_t p[4], const char *s, ...) { n->a[1] = p->a; }
enum color paint(enum color c, double (*f)(int, pair_t *), double m[][3]) { return c; }
static inline int twice(int x) { return x * 2; }
int inlined(int x) { return twice(x) + twice(x + 1); }
";

/// Files of several compilers, small but with all that is read in them.
fn samples() -> Vec<Vec<u8>> {
    let compilers = c_compilers();
    let mut samples = Vec::new();
    for compiler in compilers
        .iter()
        .filter(|compiler| compiler.options[0] != "-O1")
    {
        let (_keep, library) = compiler.compile("k.c", SOURCE);
        samples.push(std::fs::read(&library).unwrap());
    }
    let mut object = compilers[0].clone();
    object.options.retain(|option| *option != "-shared");
    object.options.push("-c");
    let (_keep, library) = object.compile("k.c", SOURCE);
    samples.push(std::fs::read(&library).unwrap());
    for compiler in fortran_compilers().iter().skip(3) {
        let source = "subroutine axpy(n, x, s)\ninteger, value :: n\nreal(8) x(n)\n\
                      character(len=*) s\nx(1) = n + len(s)\nend subroutine\n";
        let (_keep, library) = compiler.compile("k.f90", source);
        samples.push(std::fs::read(&library).unwrap());
    }
    samples
}

/// The ranges of the bytes that matter: headers, and sections of debug information and symbols.
fn interesting(file: &[u8]) -> Vec<std::ops::Range<usize>> {
    use object::{Object as _, ObjectSection as _};
    let parsed = object::File::parse(file).expect("the compiler wrote an object file");
    let mut ranges = Vec::new();
    for section in parsed.sections() {
        let name = section.name().unwrap_or_default();
        let wanted = name.contains("debug") || name.contains("sym") || name.starts_with(".rela");
        if let (true, Some((start, size))) = (wanted, section.file_range()) {
            let start = usize::try_from(start).unwrap();
            ranges.push(start..start + usize::try_from(size).unwrap());
        }
    }
    // The file's header, and the sections' at the end.
    ranges.push(0..64);
    ranges.push(file.len().saturating_sub(64 * 40)..file.len());
    ranges.retain(|range| !range.is_empty());
    ranges
}

#[test]
fn mutated_files_are_read_or_refused() {
    let samples = samples();
    let mut random = Rng::with_seed(0x1234_5678_9abc_def1);
    let mut read = 0;
    for round in 0..rounds(600) {
        let mut file = samples[round % samples.len()].clone();
        let ranges = interesting(&file);
        for _ in 0..=random.usize(..6) {
            let range = &ranges[random.usize(..ranges.len())];
            let at = range.start + random.usize(..range.len());
            let values = [
                0,
                1,
                0x7f,
                0x80,
                0xff,
                file[at].wrapping_add(1),
                file[at] ^ 0x40,
            ];
            file[at] = match random.usize(..9) {
                7 => u8::try_from(random.usize(..256)).unwrap(),
                8 => {
                    let end = range.end.min(at + 8);
                    file[at..end].fill(0xff);
                    0xff
                }
                choice => values[choice],
            };
        }
        let found = read_and_use(&file, None);
        read += usize::from(found.is_some_and(|found| !found.is_empty()));
    }
    // Otherwise the damage does not get past the first checks.
    assert!(read > 0, "no mutated file could be read at all");
}

#[test]
fn truncated_files_are_read_or_refused() {
    for sample in samples().into_iter().step_by(2) {
        let step = (sample.len() / rounds(60)).max(1);
        for length in (0..sample.len()).step_by(step) {
            read_and_use(&sample[..length], None);
        }
    }
}

#[test]
fn debug_files_are_trusted_no_more_than_libraries() {
    let samples = samples();
    let mut random = Rng::with_seed(0xfeed_beef_dead_cafe);
    for round in 0..rounds(100) {
        let elf = &samples[round % samples.len()];
        let mut debug = samples[random.usize(..samples.len())].clone();
        let at = random.usize(..debug.len());
        debug[at] ^= 0x11;
        read_and_use(elf, Some(&debug));
    }
}
