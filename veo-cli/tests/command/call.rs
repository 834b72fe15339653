//! `veo call`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use veo_test_support::compile;

use crate::files::{no_libraries, shapes, unprintable, ve_shapes, with_options};
use crate::support::{checked, expect, expect_json, json, right, run, veo, wrong};

/// A call of a function of this library.
fn call(library: &Path, arguments: &[&str]) -> Command {
    let mut command = veo(["call"]);
    command.arg(library).args(arguments);
    command
}

/// Runs these calls and compares the results with C's.
fn calls(library: &Path) {
    for (arguments, printed) in [
        (&["sum", "@1,2.5,-3", "3"][..], "result  0.5\n"),
        (&["sum", "@zeros:100", "100"], "result  0.0\n"),
        (&["sum", "null", "0"], "result  0.0\n"),
        (&["narrow", "-128"], "result  -128\n"),
        (&["narrow", "0x7f"], "result  -127\n"),
        (
            &["widest", "0xffff_ffff_ffff_ffff"],
            "result  18446744073709551615\n",
        ),
        (&["half", "0.5"], "result  0.25\n"),
        (&["length", "\"four\""], "result  4\n"),
        (&["match", "0b101"], "result  5\n"),
        (&["apply", "twice", "1.5"], "result  3.0\n"),
        (&["scale", "@1,2,3", "3", "-2"], "x  -2.0, -4.0, -6.0\n"),
        (&["shout", "\"abc d\""], "text  \"ABC D\"\n"),
        (&["handle", "null"], "result  0x0\n"),
    ] {
        assert_eq!(
            right(&mut call(library, arguments)),
            printed,
            "{arguments:?}"
        );
    }
}

#[test]
fn numbers_arrays_texts_and_functions() {
    let (_kept, library) = shapes();
    calls(&library);
}

#[test]
fn the_same_on_ve_machine_code() {
    if let Some((_kept, library)) = ve_shapes() {
        calls(&library);
    }
}

#[test]
fn files_are_bytes_and_structures_come_from_them() {
    let (directory, library) = shapes();
    let file = directory.path().join("point.bin");
    let mut bytes: Vec<u8> = [3.0_f64, 4.0]
        .iter()
        .flat_map(|it| it.to_le_bytes())
        .collect();
    bytes.extend([0; 8]);
    fs::write(&file, &bytes).unwrap();
    let argument = format!("@{}", file.display());
    assert_eq!(
        right(&mut call(&library, &["norm2", &argument])),
        "result  25.0\n"
    );
    let said = wrong(2, &mut call(&library, &["norm2", "@1,2"]));
    assert!(said.contains("nothing of what its elements are"), "{said}");
    assert_eq!(
        right(&mut call(&library, &["fill", "@zeros:2", "2"])),
        "items  48 bytes\n"
    );
    fs::write(&file, &bytes[..20]).unwrap();
    let said = wrong(2, &mut call(&library, &["norm2", &argument]));
    assert!(said.contains("20 bytes") && said.contains("24"), "{said}");
}

#[test]
fn the_help_tells_what_a_shell_takes() {
    let help = right(&mut veo(["call", "--help"]));
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["floats like 1.5e-3, inf, nan", "'\"text\"'"] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn json_has_results_arrays_and_prototype() {
    let (_kept, library) = shapes();
    let mut values = json(&mut call(&library, &["scale", "@1,2,3", "3", "0.5"]));
    values.extend(json(&mut call(&library, &["sum", "@nan,1", "2"])));
    values.extend(json(&mut call(&library, &["handle", "null"])));
    expect_json("call.json", &values);
    let long: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    let long = format!("@{}", long.join(","));
    expect(
        "call_long.txt",
        &right(&mut call(&library, &["scale", &long, "40", "1"])),
    );
}

#[test]
fn output_of_a_kernel_is_not_among_the_json() {
    let (_kept, library) = shapes();
    let mut command = veo(["call", "--json"]);
    let printed = run(command.arg(&library).arg("greet"));
    assert_eq!(printed.status, 0, "{}", printed.stderr);
    assert_eq!(
        checked(printed.stdout.trim_end())["result"],
        serde_json::Value::Null
    );
    assert_eq!(printed.stderr, "hello\n");
    assert_eq!(right(&mut call(&library, &["greet"])), "hello\n");
}

/// A library with these functions only.
fn compiled(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let [source, library] = ["k.c", "libk.so"].map(|name| directory.path().join(name));
    fs::write(&source, text).unwrap();
    compile::library(&source, &library, &["-g"]);
    (directory, library)
}

#[test]
fn a_bool_is_0_or_1() {
    let (_kept, library) = compiled(
        "int is(_Bool b) { return b; }\n\
         int all(const _Bool *b, int n) { int s = 1; while (n--) s &= b[n]; return s; }\n",
    );
    assert_eq!(right(&mut call(&library, &["is", "1"])), "result  1\n");
    let all = right(&mut call(&library, &["all", "@1,0x1,1", "3"]));
    assert_eq!(all, "result  1\n");
    for arguments in [&["is", "2"][..], &["is", "-1"], &["all", "@1,2", "2"]] {
        let said = wrong(2, &mut call(&library, arguments));
        assert!(said.contains("`_Bool`, which is 0 or 1"), "{said}");
    }
}

#[test]
fn an_error_stands_on_a_line_of_its_own() {
    let text = "#include <stdio.h>\n#include <stdlib.h>\n\
                void leave(void) { fputs(\"bye\", stderr); exit(3); }\n";
    let (_kept, library) = compiled(text);
    let printed = run(&mut call(&library, &["leave"]));
    assert_eq!(printed.status, 1);
    assert!(
        printed.stderr.starts_with("bye\nveo: "),
        "{}",
        printed.stderr
    );
}

#[test]
fn a_large_array_takes_no_more_memory_than_its_bytes() {
    let (_kept, library) = shapes();
    let mut command = Command::new("sh");
    // Ten times as much memory would not fit.
    let line = "ulimit -d 600000; exec \"$0\" call \"$1\" shout @zeros:50000000";
    command
        .args(["-c", line, env!("CARGO_BIN_EXE_veo")])
        .arg(&library);
    let of_veo = veo(["call"]);
    let variables = of_veo.get_envs();
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    let printed = right(&mut command);
    assert!(printed.contains("50000000 in all"), "{printed}");
}

#[test]
fn the_result_stands_on_a_line_of_its_own() {
    let text = "#include <stdio.h>\nint ask(int n) { printf(\"%d? \", n); return n; }\n";
    let (_kept, library) = compiled(text);
    let printed = right(&mut call(&library, &["ask", "7"]));
    assert_eq!(printed, "7? \nresult  7\n");
    let mut command = veo(["call", "-r", "2"]);
    let printed = right(command.arg(&library).args(["ask", "7"]));
    assert!(printed.starts_with("7? 7? \nresult  7\n"), "{printed}");
}

#[test]
fn repeated_calls_get_the_same_arguments_and_are_timed() {
    let (_kept, library) = shapes();
    let mut command = veo(["call", "--json", "-r", "5"]);
    command.arg(&library).args(["scale", "@1,2", "2", "3"]);
    let printed = run(&mut command);
    let value = checked(printed.stdout.trim_end());
    assert_eq!(value["arrays"][0]["values"].to_string(), "[3.0,6.0]");
    let times = &value["times"];
    let text = right(veo(["call", "-r", "5"]).arg(&library).arg("greet"));
    let line = text.lines().find(|line| line.starts_with("time"));
    let units = ["ns", "µs", "ms", "s"];
    let words: Vec<&str> = line.unwrap().split([' ', '(', ',']).collect();
    let known = |word: &&&str| units.contains(*word);
    assert_eq!(words.iter().filter(known).count(), 3, "{text}");
    assert_eq!(times["calls"], 5);
    let [min, median, max] = ["min", "median", "max"].map(|name| times[name].as_u64().unwrap());
    assert!(0 < min && min <= median && median <= max, "{times}");
    let mut command = veo(["call", "-r", "0"]);
    assert_eq!(run(command.arg(&library).arg("greet")).status, 2);
}

#[test]
fn wrong_arguments_are_one_sentence_each() {
    let (_kept, library) = shapes();
    for (arguments, parts) in [
        (&["sum", "@1"][..], ["takes 2 arguments", "1 given"]),
        (&["greet", "1"], ["takes 0 arguments", "1 given"]),
        (&["narrow", "300"], ["`300` does not fit", "-128 to 127"]),
        (&["match", "x"], ["argument 1 (`type`)", "`x` is no number"]),
        (&["match", "1.5"], ["`1.5` is no integer", "`int`"]),
        (
            &["match", "@1,2"],
            ["is an array", "`int` takes one number"],
        ),
        (&["sum", "5", "1"], ["`5` is a number", "@1,2,3"]),
        (&["length", "four"], ["`four` is no array", "'\"text\"'"]),
        (&["sum", "\"x\"", "1"], ["is a text", "const double *"]),
        (
            &["sum", "@1,x", "2"],
            ["`x` is no number", "argument 1 (`x`)"],
        ),
        (
            &["sum", "@nowhere.bin", "2"],
            ["nowhere.bin", "cannot be read"],
        ),
        (&["sum", "@", "2"], ["`@` needs", "zeros:N"]),
        (
            &["sum", "@/dev/zero", "2"],
            ["/dev/zero", "no regular file"],
        ),
        (
            &["sum", "@zeros:x", "2"],
            ["@zeros:x", "number of elements"],
        ),
        (
            &["sum", "@zeros:18446744073709551615", "2"],
            ["@zeros:", "too little memory"],
        ),
        (
            &["length", "@zeros:1000000000000000"],
            ["@zeros:", "too little memory"],
        ),
        (
            &["apply", "nothing", "1"],
            ["it takes a function", "`nothing`"],
        ),
        (&["half", "1e99"], ["`1e99` does not fit", "`float`"]),
        (&["wide", "1"], ["long double", "by value"]),
    ] {
        let said = wrong(2, &mut call(&library, arguments));
        for part in parts {
            assert!(said.contains(part), "{arguments:?}: {said}");
        }
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_call_that_is_impossible_is_one_sentence() {
    let (directory, library) = shapes();
    let said = wrong(1, &mut call(&library, &["lenght", "\"x\""]));
    assert!(
        said.contains("no function `lenght`") && said.contains("`length`"),
        "{said}"
    );
    let said = wrong(1, &mut call(&library, &["counter"]));
    assert!(said.contains("is a variable"), "{said}");
    for (path, why) in no_libraries(&library, directory.path()) {
        let said = wrong(1, &mut call(&path, &["sum", "null", "0"]));
        assert!(said.contains(why), "{}: {said}", path.display());
    }
    let (_kept, bare) = with_options("libbare.so", &["-O1", "-s"]);
    let said = wrong(1, &mut call(&bare, &["sum", "null", "0"]));
    assert!(said.contains("no debug information"), "{said}");
    let mut command = veo(["call", "-N", "99"]);
    let said = wrong(1, command.arg(&library).arg("greet"));
    assert!(said.contains("99"), "{said}");
    let said = wrong(1, call(&library, &["greet"]).env("VE_NODE_NUMBER", "first"));
    assert!(
        said.contains("VE_NODE_NUMBER") && said.contains("first"),
        "{said}"
    );
    // Nobody asked for the node that the variable names.
    assert!(!said.contains("-1"), "{said}");
    let said = wrong(1, call(&library, &["greet"]).env("VE_NODE_NUMBER", "55"));
    assert!(
        said.contains("node 55") && said.contains("0 to 1") && !said.contains("-1"),
        "{said}"
    );
}

#[test]
fn a_kernel_that_crashes_is_an_error_that_names_it() {
    let (_kept, library) = shapes();
    let said = wrong(1, &mut call(&library, &["stop"]));
    assert!(said.contains("stop") && said.contains("SIGABRT"), "{said}");
    // A user of the command knows neither Rust nor the command's sources.
    let said = wrong(
        1,
        call(&library, &["sum", "@1,2", "1000000000"]).env("VEO_EMU_GUARD", "end"),
    );
    assert!(
        said.contains("past the 16 bytes of an argument, in ") && said.contains("shapes.c:"),
        "{said}"
    );
    assert!(!said.contains("VeoProc") && !said.contains(".rs"), "{said}");
}

#[test]
fn paths_that_are_not_text_are_paths() {
    let (_kept, library) = shapes();
    let (directory, library) = unprintable(&library);
    assert_eq!(right(&mut call(&library, &["match", "7"])), "result  7\n");
    let file = library.with_file_name("x.bin");
    fs::write(&file, 2.5_f64.to_le_bytes()).unwrap();
    let mut argument = OsString::from("@");
    argument.push(&file);
    let mut command = call(&library, &["sum"]);
    assert_eq!(right(command.arg(argument).arg("1")), "result  2.5\n");
    drop(directory);
}

#[test]
fn a_call_is_in_the_timeline() {
    let (directory, library) = shapes();
    for name in ["call.pftrace", "call.json"] {
        let recording = directory.path().join(name);
        let mut command = veo(["call", "-r", "3", "--timeline"]);
        command.arg(&recording).arg(&library);
        right(command.args(["scale", "@1,2,3", "3", "2"]));
        let summary = &json(veo(["timeline", "-n", "99"]).arg(&recording))[0];
        let requests = summary["longest"].as_array().unwrap();
        let bytes = |name: &str| {
            let of = requests.iter().filter(|request| request["name"] == name);
            of.map(|request| request["bytes"].as_u64())
                .collect::<Vec<_>>()
        };
        assert_eq!(bytes("scale"), [None; 3], "{summary}");
        assert_eq!(bytes("write"), [Some(24); 3], "{summary}");
        assert_eq!(bytes("read"), [Some(24)], "{summary}");
        assert_eq!(summary["cut"], false);
    }
    // A fault is recorded, too.
    let recording = directory.path().join("fault.json");
    let mut command = veo(["call", "--timeline"]);
    wrong(
        1,
        command
            .arg(&recording)
            .arg(&library)
            .args(["sum", "null", "3"]),
    );
    let text = fs::read_to_string(&recording).unwrap();
    assert!(text.contains("has ended: "), "{text}");
    let before = fs::read(&library).unwrap();
    let mut command = veo(["call", "--timeline"]);
    wrong(2, command.arg(&library).arg(&library).args(["narrow", "1"]));
    assert_eq!(fs::read(&library).unwrap(), before);
    let missing = directory.path().join("no/such/file");
    let mut command = veo(["call", "--timeline"]);
    let said = wrong(1, command.arg(&missing).arg(&library).args(["narrow", "1"]));
    assert!(
        said.contains("cannot write the timeline") && said.contains("no/such/file"),
        "{said}"
    );
}
