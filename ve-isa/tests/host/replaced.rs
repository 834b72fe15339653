//! A C library as machine code, which asks the system by `monc`, in place of the host's functions.

use ve_isa::image::ImageFile;
use ve_isa::interp::Observer;
use ve_isa::machine::{Machine, Unresolved};
use ve_isa::state::Cpu;

use std::sync::{Arc, Mutex};

use crate::support::{can_compile, object};

/// The program's own small C library: its functions tell that they are not the host's.
const LIBRARY: &str = r#"
typedef unsigned long size_t;
long ask(long number, long first, long second, long third, long fourth, long fifth)
{
    long result;
    asm volatile("ld %%s61, 24(, %%s14)\n shm.l %1, (%%s61)\n shm.l %2, 8(%%s61)\n shm.l %3, 16(%%s61)\n shm.l %4, 24(%%s61)\n"
        "shm.l %5, 32(%%s61)\n shm.l %6, 40(%%s61)\n monc\n or %0, 0, %%s0"
        : "=r"(result) : "r"(number), "r"(first), "r"(second), "r"(third), "r"(fourth), "r"(fifth) : "s0", "s61", "memory");
    return result;
}
size_t strlen(const char *text) { size_t n = 0; while (text[n]) n++; return n + 1000; }
void *malloc(size_t size) { long at = ask(9, 0, (long)size, 3, 0x22, -1); return at < 0 ? 0 : (void *)at; }
int open(const char *path, int flags, int mode) { return (int)ask(2, (long)path, flags, mode, 0, 0); }
long write(int file, const void *from, size_t length) { return ask(1, file, (long)from, (long)length, 0, 0); }
struct piece { const void *from; size_t length; };
long writev(int file, const struct piece *pieces, int count) { return ask(20, file, (long)pieces, count, 0, 0); }
int close(int file) { return (int)ask(3, file, 0, 0, 0, 0); }
long unknown(void) { return ask(9999, 1, 2, 3, 4, 5); }
int munmap(void *at, size_t length) { return (int)ask(11, (long)at, (long)length, 0, 0, 0); }
"#;

const PROGRAM: &str = r#"
typedef unsigned long size_t;
size_t strlen(const char *);
void *malloc(size_t), *memcpy(void *, const void *, size_t);
int open(const char *, int, ...), close(int), munmap(void *, size_t);
long write(int, const void *, size_t), unknown(void) __attribute__((weak));
struct piece { const void *from; size_t length; };
long writev(int, const struct piece *, int);
static int local;
long length(const char *text) { return (long)strlen(text); }
long run(const char *path)
{
    char *block = malloc(100000);
    memcpy(block, "by monc", 8);
    int file = open(path, 0101, 0600);
    struct piece pieces[2] = { { " and", 4 }, { " more", 5 } };
    return write(file, block, 7) * 10000 + writev(file, pieces, 2) * 100 + close(file);
}
long refused(void) { return unknown(); }
/* What mmap has not given, or not as a whole: a stack, a variable, a part. */
long unmaps(void)
{
    char *block = malloc(200000);
    long wrong = munmap(&wrong, 65536) == 0 || munmap((void *)((unsigned long)&local & ~65535ul), 65536) == 0;
    wrong += munmap(block + 65536, 65536) == 0 || munmap(block, 65536) == 0 || munmap(block, 200000) != 0 || munmap(block, 200000) == 0;
    return wrong;
}
"#;

/// Keeps what it is told.
#[derive(Debug)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Observer for Notes {
    fn instruction(&mut self, _: u64, _: u64, _: &ve_isa::encoding::Insn, _: &Cpu) {}
    fn note(&mut self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

#[test]
fn a_library_of_machine_code_wins_over_the_hosts_functions() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let program = object(directory.path(), PROGRAM, &["-O1"]);
    let library = object(directory.path(), LIBRARY, &["-O1"]);
    let program = ImageFile {
        name: "program.o",
        bytes: &program,
    };
    let library = ImageFile {
        name: "libc.o",
        bytes: &library,
    };
    let path = directory.path().join("written");
    let text = |machine: &Machine, text: &str| {
        let place = machine
            .window()
            .map(4096, ve_isa::memory::Protection::ReadWrite);
        let place = place.unwrap().start;
        machine.window().write(place, text.as_bytes()).unwrap();
        place
    };
    let host = Machine::new().unwrap();
    host.load(&[program], Unresolved::Error).unwrap();
    let own = Machine::new().unwrap();
    own.load(&[library, program], Unresolved::Error).unwrap();
    for (machine, extra) in [(&host, 0), (&own, 1000)] {
        let mut thread = machine.thread(1 << 20).unwrap();
        let mut call =
            |name: &str, words: &[u64]| thread.call(machine.symbol(name).unwrap(), words).unwrap();
        assert_eq!(call("length", &[text(machine, "hello")]), 5 + extra);
        let place = text(machine, path.to_str().unwrap());
        assert_eq!(call("run", &[place]), 7 * 10000 + 9 * 100);
        assert_eq!(std::fs::read(&path).unwrap(), b"by monc and more");
    }
    let notes = Arc::new(Mutex::new(Vec::new()));
    let mut thread = own.thread(1 << 20).unwrap();
    thread
        .thread()
        .observe(Some(Box::new(Notes(notes.clone()))));
    let refused = thread.call(own.symbol("refused").unwrap(), &[]).unwrap();
    assert_eq!(refused as i64, -i64::from(libc::ENOSYS));
    assert_eq!(
        *notes.lock().unwrap(),
        ["system call 9999 is not served: ENOSYS"]
    );
    assert_eq!(thread.call(own.symbol("unmaps").unwrap(), &[]), Ok(0));
}
