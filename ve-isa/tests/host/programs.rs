//! Programs that print the same on both machines.

use ve_isa::memory::Protection;
use ve_isa::trap::TrapKind;

use crate::support::{can_compile, compare, machine};

#[test]
fn formats() {
    if can_compile() {
        assert!(compare(include_str!("format.c")) > 20_000);
    }
}

#[test]
fn strings() {
    if can_compile() {
        assert!(compare(include_str!("strings.c")) > 1000);
    }
}

#[test]
fn library() {
    if can_compile() {
        assert!(compare(include_str!("library.c")) > 150);
    }
}

#[test]
fn numbers() {
    if can_compile() {
        assert!(compare(include_str!("numbers.c")) > 1500);
    }
}

#[test]
fn threads() {
    if can_compile() {
        assert!(compare(include_str!("threads.c")) > 10);
    }
}

#[test]
fn scanning() {
    if can_compile() {
        assert!(compare(include_str!("scan.c")) > 400);
    }
}

#[test]
fn wide_characters() {
    if can_compile() {
        assert!(compare(include_str!("wide.c")) > 400);
    }
}

#[test]
fn names_of_necs_compiler() {
    if can_compile() {
        assert!(compare(include_str!("nec.c")) > 250);
    }
}

#[test]
fn long_doubles_complex_numbers_and_rounding() {
    if can_compile() {
        assert!(compare(include_str!("maths.c")) > 150);
    }
}

#[test]
fn numbers_of_files_pipes_and_signals_that_wait() {
    if can_compile() {
        assert!(compare(include_str!("posix.c")) > 5);
    }
}

#[test]
fn memory_with_files() {
    if can_compile() {
        assert!(compare(include_str!("maps.c")) == 2);
    }
}

/// A file that shrinks takes memory away. That is a trap, for machine code and for functions of the host, and nothing else.
#[test]
fn a_mapped_file_that_shrinks_is_memory_that_is_not_there() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
        #include "libc.h"
        int open(const char *, int, ...), ftruncate(int, long);
        void *mmap(void *, size_t, int, int, int, long);
        long pwrite(int, const void *, size_t, long);
        static int file;
        static char *memory;
        long make(const char *path) { file = open(path, 0102, 0600); ftruncate(file, 1 << 20); memory = mmap(0, 1 << 20, 3, 1, file, 0); return (long)memory; }
        long shrink(void) { return ftruncate(file, 100); }
        long get(long at) { return memory[at]; }
        long length(long at) { return strlen(memory + at); }
        long save(long at) { return pwrite(file, memory + at, 10, 0); }
        static void run(void) {}
    "#;
    let machine = machine(directory.path(), source, &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let path = directory.path().join("file");
    let mut bytes = path.into_os_string().into_encoded_bytes();
    bytes.push(0);
    let place = machine.window().map(4096, Protection::ReadWrite).unwrap();
    machine.window().write(place.start, &bytes).unwrap();
    let mut call = |name: &str, word: u64| {
        let function = machine.symbol(name).unwrap();
        thread.call(function, &[word]).map_err(|trap| trap.kind)
    };
    let memory = call("make", place.start).unwrap();
    assert_eq!(call("get", 500_000), Ok(0));
    assert_eq!(call("shrink", 0), Ok(0));
    // The rest of the page is zeros.
    assert_eq!(call("get", 200), Ok(0));
    let trap = call("get", 500_000).unwrap_err();
    assert!(matches!(trap, TrapKind::MemoryAccess { address, .. } if address == memory + 500_000));
    for name in ["length", "save"] {
        let trap = call(name, 500_000).unwrap_err();
        assert!(matches!(trap, TrapKind::HostFunction { .. }), "{trap}");
    }
    assert_eq!(call("get", 0), Ok(0));
}

/// A range keeps its protection when it moves. A range whose parts differ does not move.
#[test]
fn a_range_that_moves_keeps_its_protection() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
        #include "libc.h"
        int mkstemp(char *), unlink(const char *), ftruncate(int, long), mprotect(void *, size_t, int), close(int);
        void *mmap(void *, size_t, int, int, int, long), *mremap(void *, size_t, size_t, int, ...);
        long move(long flags)
        {
            char name[] = "/tmp/ve-isa-move-XXXXXX";
            int file = mkstemp(name);
            unlink(name);
            ftruncate(file, 1 << 20);
            char *memory = mmap(0, 1 << 18, 3, flags, file, 0);
            close(file);
            memory[70000] = 7;
            mprotect(memory, 1 << 18, 1);
            return (long)mremap(memory, 1 << 18, 1 << 19, 1);
        }
        long hide(long flags)
        {
            char *memory = mmap(0, 1 << 18, 3, flags | 0x20, -1, 0);
            memory[70000] = 9;
            mprotect(memory, 1 << 18, 0);
            memory = mremap(memory, 1 << 18, 1 << 17, 1);
            mprotect(memory, 1 << 17, 3);
            return memory[70000];
        }
        long mix(long flags)
        {
            char *memory = mmap(0, 1 << 18, 3, flags | 0x20, -1, 0);
            mprotect(memory + 65536, 1 << 16, 1);
            errno = 0;
            long moved = (long)mremap(memory, 1 << 18, 1 << 19, 1);
            mprotect(memory, 1 << 18, 3);
            return moved == -1 && errno == 12 && mremap(memory, 1 << 18, 1 << 19, 1) != (void *)-1;
        }
        long get(long at) { return *(char *)at; }
        long put(long at) { return *(char *)at = 1; }
        static void run(void) {}
    "#;
    let machine = machine(directory.path(), source, &["-O1"]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let mut call = |name: &str, word: u64| {
        let function = machine.symbol(name).unwrap();
        thread.call(function, &[word]).map_err(|trap| trap.kind)
    };
    const SHARED: u64 = 1;
    const OWN: u64 = 0x22;
    for flags in [SHARED, OWN] {
        let memory = call("move", flags).unwrap();
        assert_eq!(call("get", memory + 70_000), Ok(7));
        assert_eq!(call("get", memory + 300_000), Ok(0));
        let trap = call("put", memory + 70_000).unwrap_err();
        assert!(
            matches!(trap, TrapKind::MemoryAccess { write: true, .. }),
            "{trap}"
        );
    }
    assert_eq!(call("hide", 2), Ok(9));
    assert_eq!(call("mix", 2), Ok(1));
}

#[test]
fn patterns_walks_and_streams_in_memory() {
    if can_compile() {
        assert!(compare(include_str!("patterns.c")) > 500);
    }
}

#[test]
fn files_signals_searches_and_options() {
    if can_compile() {
        assert!(compare(include_str!("system.c")) > 300);
    }
}

#[test]
fn locks_directories_and_users() {
    if can_compile() {
        assert!(compare(include_str!("files.c")) > 8);
    }
}

#[test]
fn time_zones() {
    if can_compile() {
        assert!(compare(include_str!("zones.c")) > 1000);
    }
}

#[test]
fn signals_of_other_threads() {
    if can_compile() {
        assert!(compare(include_str!("sent.c")) == 4);
    }
}
