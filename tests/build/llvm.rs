//! Objects that clang and flang make for the VE.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use object::elf::ET_DYN;
use veo_build::{ErrorKind, Kernels, Target};
use veo_debuginfo::prototypes;
use veo_test_support::compile::{self, tool};
use veo_test_support::ve;

use crate::installed_compilers::{CXX, bench, clang, cxx, elf, flang, written};

#[test]
fn for_the_ve_through_llvm() {
    if !cxx() || !clang() {
        return;
    }
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ve-kernels/kernels");
    for file in std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        let bench = bench("host,ve1-llvm");
        let stem = file.file_stem().unwrap().to_str().unwrap();
        if file.extension().is_none_or(|extension| extension != "c") {
            continue;
        }
        let mut kernels = Kernels::new(format!("lib{stem}.so"));
        let built = bench
            .build(kernels.file(&file).inline("more.cpp", CXX))
            .unwrap();
        let (header, names) = elf(built.library(Target::Ve1Llvm).unwrap());
        assert_eq!(header, (251, ET_DYN.0, 0), "{stem}");
        assert_eq!(names, elf(built.library(Target::Host).unwrap()).1, "{stem}");
        let bytes = std::fs::read(built.library(Target::Ve1Llvm).unwrap()).unwrap();
        let (ve, host) = (
            prototypes::read(&bytes, None).unwrap(),
            written(built.prototypes.as_ref()),
        );
        assert!(!ve.is_empty());
        for (symbol, prototype) in ve.iter() {
            let other = host.get(symbol).unwrap();
            assert_eq!(
                prototype.rust_declaration(),
                other.rust_declaration(),
                "{stem}: {symbol}"
            );
            assert_eq!(prototype.location(), other.location(), "{stem}: {symbol}");
        }
    }
}

#[test]
fn fortran_for_the_ve_through_llvm() {
    if !clang() || !flang() {
        return;
    }
    let bench = bench("ve1-llvm");
    let built = bench
        .build(Kernels::new("libmixed.so").glob("kernels/*"))
        .unwrap();
    let (header, names) = elf(built.library(Target::Ve1Llvm).unwrap());
    assert_eq!(header, (251, ET_DYN.0, 0));
    assert_eq!(names, ["cxx_twice", "halved", "norm2", "previous"]);
}

#[test]
fn a_library_that_clang_cannot_compile_is_left_out_unless_asked_for() {
    if !cxx() || !clang() {
        return;
    }
    let mut bench = bench("-ve1");
    bench.source(
        "k.cpp",
        "#include <vector>\nextern \"C\" int k() { return std::vector<int>(3).size(); }\n",
    );
    let mut kernels = Kernels::new("libk.so");
    kernels.file("k.cpp");
    let built = bench.build(&mut kernels).unwrap();
    assert!(built.library(Target::Host).is_some());
    let why = &built
        .left_out
        .iter()
        .find(|(target, _)| *target == Target::Ve1Llvm)
        .unwrap()
        .1;
    assert!(
        why.starts_with("it does not build: ")
            && why.contains("k.cpp:1:10: fatal error: 'vector' file not found"),
        "{why}"
    );
    bench.set("VEO_TARGETS", "ve1-llvm");
    let error = bench.build(&mut kernels).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ToolFailed);
}

#[test]
fn objects_and_llvm_ir_are_linked_with_the_sources() {
    if !clang() {
        return;
    }
    let bench = bench("ve1-llvm");
    bench.source("x.ll", "define i64 @from_ir() {\n  ret i64 7\n}\n");
    let compile = |name: &str, source: &str, flags: &[&str]| {
        let text = bench.source("x.c", source);
        ve::compile(&text, text.with_file_name(name), flags);
    };
    compile("x.o", "long from_object(void) { return 8; }\n", &["-fpic"]);
    let build = |object: &str| {
        let mut kernels = Kernels::new("libk.so");
        kernels
            .file("kernels/k.c")
            .for_target(Target::Ve1Llvm, |options| {
                options.object("x.ll").object(object);
            });
        bench.build(&mut kernels)
    };
    let built = build("x.o").unwrap();
    assert_eq!(
        elf(built.library(Target::Ve1Llvm).unwrap()).1,
        ["from_ir", "from_object", "norm2", "previous"]
    );
    compile(
        "y.o",
        "static long x = 8; long f(void) { return ++x; } long norm2(void) { return f(); }\n",
        &[],
    );
    let text = build("y.o").unwrap_err().to_string();
    for part in [
        "libk.so for ve1-llvm: it cannot be linked:",
        "norm2 is defined twice, in libk.so and in y.o",
        "y.o: function f: R_VE_HI32 against x cannot be in a shared object; compile it with -fpic",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    bench.source("x.a", "");
    let text = build("x.a").unwrap_err().to_string();
    assert!(text.contains("x.a is an archive"), "{text}");
}

/// The headers that kernels usually include, C11's first.
const HEADERS: &str = "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic \
    stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype \
    alloca byteswap dirent dlfcn endian err execinfo fcntl features getopt libgen malloc memory poll pthread sched search semaphore strings syscall sysexits unistd utime \
    sys/cdefs sys/ioctl sys/mman sys/param sys/resource sys/select sys/stat sys/syscall sys/time sys/times sys/types sys/uio sys/utsname sys/wait";

#[test]
fn the_usual_headers_are_there_for_the_ve() {
    if !clang() {
        return;
    }
    let bench = bench("ve1-llvm");
    // Alone, and all together.
    let mut all = String::new();
    let mut kernels = Kernels::new("libk.so");
    for header in HEADERS.split_whitespace() {
        let line = format!("#include <{header}.h>\n");
        let name = header.replace('/', "_");
        kernels.inline(
            format!("{name}.c"),
            format!("{line}int k_{name}(void) {{ return 0; }}\n"),
        );
        // `complex.h` takes `I` for itself, `tgmath.h` the names of functions.
        all += &line;
    }
    kernels
        .inline("all.c", format!("{all}{THREADS}"))
        .inline(
            "all.cpp",
            format!(
                "{}extern \"C\" int cxx(void) {{ return 0; }}\n",
                cxx_headers(&all)
            ),
        )
        .warnings_into_errors(true)
        .extra_warnings(true)
        .flag("-Wno-unused-parameter");
    let built = bench.build(&mut kernels).unwrap();
    let names = elf(built.library(Target::Ve1Llvm).unwrap()).1;
    assert!(names.contains(&"counted".to_string()), "{names:?}");
}

/// Without those that are for C alone.
fn cxx_headers(all: &str) -> String {
    let c = [
        "complex",
        "stdatomic",
        "stdalign",
        "stdnoreturn",
        "tgmath",
        "threads",
    ];
    all.lines()
        .filter(|line| !c.iter().any(|name| line.contains(&format!("<{name}.h>"))))
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// A kernel with threads of its own.
const THREADS: &str = "static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count;
static void *work(void *n) {
    pthread_mutex_lock(&lock);
    count += *(long *)n;
    pthread_mutex_unlock(&lock);
    return NULL;
}
long counted(long n) {
    pthread_t threads[4];
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, work, &n);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    sched_yield();
    return count + (syscall(SYS_gettid) > 0) + CPU_ISSET(0, &cpus);
}
";

/// The output of a program that is compiled with these arguments: names and numbers.
fn printed(dir: &Path, source: &str, args: &[&str]) -> BTreeMap<String, i64> {
    let (file, program) = (dir.join("print.c"), dir.join("print"));
    std::fs::write(&file, source).unwrap();
    let options = [&["-w", "-D_GNU_SOURCE"], args].concat();
    compile::program(file, &program, &options);
    let text = tool(&mut Command::new(program));
    let pairs = text.lines().map(|line| line.split_once(' ').unwrap());
    pairs
        .map(|(name, number)| (name.to_string(), number.parse().unwrap()))
        .collect()
}

/// The runner of the code serves its system calls on the host, with the host's numbers and structures.
#[test]
fn numbers_and_structures_of_the_headers_are_those_of_the_host() {
    if !cfg!(all(target_arch = "x86_64", target_env = "gnu")) {
        return;
    }
    let libc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../veo-build/libc");
    // With _GNU_SOURCE, glibc asks the processor for MINSIGSTKSZ unless it is told not to.
    let mut source = String::from("#include <stdio.h>\n#undef __USE_DYNAMIC_STACK_SIZE\n");
    let mut print = String::new();
    for header in HEADERS.split_whitespace() {
        let path = libc.join(format!("{header}.h"));
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        if ["fenv", "math", "complex"].contains(&header) {
            continue;
        }
        source += &format!("#include <{header}.h>\n");
        for line in text
            .lines()
            .filter_map(|line| line.strip_prefix("#define "))
        {
            let Some((name, value)) = line.split_once(' ') else {
                continue;
            };
            let number = value.trim_start_matches(['(', '-', '~']);
            if !name.contains('(')
                && (number.starts_with(|c: char| c.is_ascii_digit()) || number.starts_with("__NR"))
            {
                print += &format!("printf(\"{name} %ld\\n\", (long)({name}));\n");
            }
        }
    }
    const SAME: &str = "struct stat,struct dirent,struct pollfd,struct rusage,struct rlimit,struct tms,struct utsname,struct timespec,struct timeval,\
        struct lconv,struct iovec,struct tm,struct sched_param,cpu_set_t,fd_set,mbstate_t,wint_t,pid_t,off_t,mode_t,clock_t,once_flag";
    const ENOUGH: &str = "pthread_attr_t,pthread_mutex_t,pthread_mutexattr_t,pthread_cond_t,pthread_condattr_t,pthread_rwlock_t,\
        pthread_rwlockattr_t,pthread_barrier_t,pthread_barrierattr_t,pthread_t,pthread_key_t,pthread_once_t,pthread_spinlock_t,sem_t,jmp_buf,mtx_t,cnd_t";
    for ty in SAME.split(',').chain(ENOUGH.split(',')) {
        print += &format!(
            "printf(\"{} %ld\\n\", (long)sizeof({ty}));\n",
            ty.replace(' ', "_")
        );
    }
    source += &format!("int main(void) {{\n{print}return 0;\n}}\n");
    let dir = tempfile::tempdir().unwrap();
    let own = tool(compile::compiler("print.c").arg("-print-file-name=include"));
    let libc = libc.to_str().unwrap();
    let ours = printed(
        dir.path(),
        &source,
        &[
            "-nostdinc",
            "-ffreestanding",
            "-isystem",
            own.trim(),
            "-isystem",
            libc,
        ],
    );
    let theirs = printed(dir.path(), &source, &[]);
    assert!(ours.len() > 200, "{}", ours.len());
    for (name, number) in ours {
        let host = theirs.get(&name).copied();
        if ENOUGH.split(',').any(|ty| ty == name) {
            assert!(Some(number) >= host, "{name}: {number}, {host:?}");
        } else {
            assert_eq!(Some(number), host, "{name}");
        }
    }
}
