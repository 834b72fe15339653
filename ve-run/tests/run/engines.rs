//! The engines that `--engine` chooses.

use crate::support::{Program, end, ve_run};

const SOURCE: &str = "
    int printf(const char *, ...);
    static unsigned long step(unsigned long x) { return x & 1 ? 3 * x + 1 : x / 2; }
    unsigned long longest(unsigned long limit) {
        unsigned long most = 0;
        for (unsigned long n = 1; n < limit; n++) { unsigned long count = 0; for (unsigned long x = n; x != 1; x = step(x)) count++; if (count > most) most = count; }
        return most;
    }
    int main(void) { printf(\"%lu\\n\", longest(500)); return 3; }";

#[test]
fn engines_give_the_same() {
    let Some(program) = Program::compile(SOURCE) else {
        return;
    };
    let file = program.file();
    let plain = ve_run(&[file]);
    assert_eq!(
        (plain.status.code(), plain.stdout.as_slice()),
        (Some(3), &b"143\n"[..])
    );
    assert_eq!(ve_run(&["--engine", "interp", file]), plain);
    for engine in ["jit", "both"] {
        let output = ve_run(&["--engine", engine, file]);
        if cfg!(feature = "jit") {
            assert_eq!(output, plain, "{engine}");
        } else {
            let (status, why) = end(&output);
            assert_eq!(status, 125);
            assert!(why.contains("--features jit"), "{why}");
        }
    }
}
