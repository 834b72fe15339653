//! Programs that do what none should, each told with what it was.

use crate::support::{Program, end};

/// Programs with the status and what the last line says.
const MISTAKES: [(&str, i32, &[&str]); 4] = [
    // The frame of `sets` is overwritten before the jump.
    (
        "typedef unsigned long jmp_buf[64]; int setjmp(jmp_buf) __attribute__((returns_twice)); void longjmp(jmp_buf, int);
        void *memset(void *, int, unsigned long); static jmp_buf buffer;
        __attribute__((noinline)) static int sets(void) { return setjmp(buffer); }
        __attribute__((noinline)) static void jumps(void) { char room[4000]; memset(room, 1, sizeof room); longjmp(buffer, 1); }
        int main(void) { if (!sets()) jumps(); return 0; }",
        139,
        &["longjmp", "has returned", "jumps+"],
    ),
    (
        "int sem_wait(void *); int main(void) { static char room[64] __attribute__((aligned(8))); return sem_wait(room + 1); }",
        139,
        &["sem_wait", "not a multiple of 4", "main+"],
    ),
    (
        "void qsort(void *, unsigned long, unsigned long, int (*)(const void *, const void *));
        static int compare(const void *a, const void *b) { int items[2] = {1, 0}; qsort(items, 2, 4, compare); return 0; }
        int main(void) { int items[2] = {1, 0}; qsort(items, 2, 4, compare); return 0; }",
        139,
        &["qsort", "inside 64 such calls", "compare+"],
    ),
    (
        "int qsort_r(void *, unsigned long, unsigned long, void *, void *); int main(void) { int items[2]; qsort_r(items, -1ul, 8, 0, 0); }",
        139,
        &["qsort_r", "more than all of memory"],
    ),
];

#[test]
fn mistakes_are_told_as_what_they_are() {
    for (source, status, parts) in MISTAKES {
        let Some(program) = Program::compile(source) else {
            return;
        };
        let (found, why) = end(&program.run(&["--time-limit", "60"]));
        assert_eq!(found, status, "{why}");
        assert!(parts.iter().all(|part| why.contains(part)), "{why}");
    }
}

/// Streams on pipes and files by number, as on the host.
#[test]
fn a_stream_and_its_number_are_one_file() {
    let Some(program) = Program::compile(
        "typedef unsigned long size_t; typedef struct file FILE;
        int printf(const char *, ...), fprintf(FILE *, const char *, ...), fscanf(FILE *, const char *, ...), pipe(int *), fgetc(FILE *);
        int fclose(FILE *), fflush(FILE *), ungetc(int, FILE *), feof(FILE *), ferror(FILE *), fseek(FILE *, long, int), fileno(FILE *), fputs(const char *, FILE *);
        FILE *fdopen(int, const char *), *tmpfile(void); long write(int, const void *, size_t), read(int, void *, size_t), ftell(FILE *);
        size_t fread(void *, size_t, size_t, FILE *); char *fgets(char *, int, FILE *);
        int main(void) {
            int ends[2], number, others[2]; char text[40];
            pipe(ends);
            FILE *from = fdopen(ends[0], \"r\"), *to = fdopen(ends[1], \"w\");
            printf(\"%d %d\\n\", fileno(from) == ends[0], fileno(to) == ends[1]);
            fprintf(to, \"12 three\\nmore\"); fflush(to); write(ends[1], \"!\", 1);
            printf(\"%d \", fscanf(from, \"%d%8s\", &number, text)); printf(\"%d %s\\n\", number, text);
            printf(\"%d\", ungetc('x', from)); printf(\"%c\", fgetc(from)); printf(\"%c\", fgetc(from)); printf(\"%s\\n\", fread(text, 1, 5, from) == 5 ? \"five\" : \"other\");
            printf(\"%.5s %ld %d\\n\", text, ftell(from), fseek(from, 0, 0));
            /* Nobody writes any more. */
            fclose(to); printf(\"%ld\\n\", write(ends[1], \"x\", 1));
            number = fgetc(from); printf(\"%d %d %d\\n\", number, feof(from), ferror(from));
            fclose(from); printf(\"%ld\\n\", read(ends[0], text, 1));
            printf(\"%d\\n\", fdopen(ends[0], \"r\") == 0);
            FILE *file = tmpfile();
            fputs(\"one\\ntwo\\n\", file); fflush(file); printf(\"%ld\\n\", write(fileno(file), \"three\\n\", 6));
            fseek(file, 4, 0); printf(\"%s\", fgets(text, 40, file)); printf(\"%s\", fgets(text, 40, file)); number = fgetc(file); printf(\"%d %d\\n\", number, feof(file));
            pipe(others); printf(\"%d\\n\", fdopen(others[0], \"w\") == 0);
            return 0;
        }",
    ) else {
        return;
    };
    let printed = program.run_as_on_host(&["--time-limit", "60"]);
    assert_eq!(printed.lines().count(), 14);
}

/// A program that writes to a pipe which nobody reads ends, unless it has asked for an error.
#[test]
fn a_pipe_that_nobody_reads_fails_as_the_program_wants_it() {
    let Some(program) = Program::compile(
        "int printf(const char *, ...), pipe(int *), close(int), dup2(int, int), fflush(void *), *__errno_location(void); long write(int, const void *, unsigned long); void *signal(int, void *);
         int main(void) {
             int ends[2]; pipe(ends); close(ends[0]); signal(13, (void *)1);
             long done = write(ends[1], \"x\", 1); printf(\"%ld %d\\n\", done, *__errno_location()); fflush(0);
             signal(13, 0); write(ends[1], \"x\", 1); printf(\"never\"); return 0; }",
    ) else {
        return;
    };
    assert_eq!(program.run_as_on_host(&[]), "-1 32\n");
}
