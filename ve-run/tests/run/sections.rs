//! Programs of several objects, whose sections belong together.

use crate::support::{Program, end, ve_run};

/// Adds two entries to a table that is made of the sections of all objects, and a name that has no sections.
fn part(number: u32) -> String {
    format!(
        "struct entry {{ int number; const char *name; }};
         #define ENTRY(n) __attribute__((section(\"entries\"), used)) static struct entry entry##n = {{ n, \"entry \" #n }};
         ENTRY({number}1) ENTRY({number}2)
         __attribute__((section(\"numbers\"), used)) static const char number = {number};
         long address{number}(void) {{ return (long)&entry{number}1; }}"
    )
}

const MAIN: &str = "
    extern struct entry __start_entries[], __stop_entries[];
    extern const char __start_numbers[], __stop_numbers[];
    extern char __start_nothing[] __attribute__((weak)), __stop_nothing[] __attribute__((weak));
    int printf(const char *, ...); long address1(void), address3(void);
    int main(void) {
        for (struct entry *entry = __start_entries; entry < __stop_entries; entry++)
            printf(\"%d %s\\n\", entry->number++, entry->name);
        for (const char *number = __start_numbers; number < __stop_numbers; number++)
            if (*number) printf(\"number %d\\n\", *number);
        printf(\"%d %ld\\n\", __start_nothing == __stop_nothing, address3() - address1());
        return __stop_entries - __start_entries;
    }";

#[test]
fn sections_of_one_name_are_side_by_side() {
    let (a, b, c) = (part(1), part(2), part(3) + MAIN);
    let Some(program) = Program::of_parts(&[("a", &a), ("b", &b), ("c", &c)]) else {
        return;
    };
    assert_eq!(program.run_as_on_host(&[]).lines().count(), 10);
    let (status, why) = end(&ve_run(&[program.arguments()[1]]));
    assert_eq!(status, 125, "{why}");
}

#[test]
fn a_table_that_no_object_has_is_an_undefined_name() {
    let source = "extern char __start_gone[]; int main(void) { return __start_gone[0]; }";
    let Some(program) = Program::compile(source) else {
        return;
    };
    let (status, why) = end(&program.run(&[]));
    assert_eq!(status, 125);
    assert!(why.contains("__start_gone"), "{why}");
}
