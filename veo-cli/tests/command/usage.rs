//! The command line, the standard streams, completions and man pages.

use std::fs::{self, File};
use std::io::Read as _;
use std::process::{Command, Stdio};

use veo_test_support::{available, found};

use crate::support::{checked, json, right, run, veo, wrong};

#[test]
fn a_wrong_command_line_has_the_status_2() {
    let lines: [&[&str]; 4] = [
        &[],
        &["node"],
        &["nodes", "-N", "x"],
        &["nodes", "-N", "-1"],
    ];
    for line in lines {
        let printed = run(&mut veo(line));
        assert_eq!((printed.status, &*printed.stdout), (2, ""), "{line:?}");
        assert!(
            printed.stderr.contains("--help"),
            "{line:?}: {}",
            printed.stderr
        );
    }
}

#[test]
fn help_and_version_are_answers() {
    assert!(right(&mut veo(["--help"])).contains("nodes"));
    assert_eq!(
        right(&mut veo(["--version"])),
        format!("veo {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn an_error_is_a_json_object_as_well() {
    let printed = run(&mut veo(["nodes", "-N", "99", "--json"]));
    assert_eq!(printed.status, 1);
    let value = checked(printed.stdout.trim_end());
    assert_eq!(value["command"], "nodes");
    assert_eq!(
        format!("veo: {}\n", value["error"].as_str().unwrap()),
        printed.stderr
    );
}

#[test]
fn a_reader_who_has_left_is_no_error() {
    for line in [
        &["nodes"][..],
        &["nodes", "--json"],
        &["completions", "zsh"],
        &["doctor"],
        &["ps"],
        // Without the limit it would go on for ever.
        &["top", "-d", "0.01"],
        &["--help"],
    ] {
        let mut command = veo(line);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), &*said), (Some(0), ""), "{line:?}");
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    for word in ["nodes", "--help"] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = veo([word]).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{word}: {said}");
        assert!(said.starts_with("veo: cannot write the output"), "{said}");
    }
}

#[test]
fn only_a_terminal_gets_colours_and_lines_that_fit_it() {
    assert!(!right(&mut veo(["nodes"])).contains('\u{1b}'));
    if !available("script of util-linux", found("script")) {
        return;
    }
    let shown = |columns: u32| {
        let line = format!(
            "stty rows 24 cols {columns}; {} nodes",
            env!("CARGO_BIN_EXE_veo")
        );
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]);
        let of_veo = veo(["nodes"]);
        command.envs(
            of_veo
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command.env("TERM", "xterm").env_remove("NO_COLOR");
        let printed = run(&mut command);
        assert_eq!(printed.status, 0, "{}", printed.stdout);
        printed.stdout.replace('\r', "")
    };
    let wide = shown(200);
    assert!(wide.contains("\u{1b}[1mNODE"), "{wide:?}");
    assert_eq!(wide.lines().count(), 3, "{wide:?}");
    let narrow = shown(20);
    let plain = narrow.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
    let widest = plain
        .lines()
        .map(|line| line.chars().count())
        .max()
        .unwrap();
    assert!(widest <= 20, "{plain}");
    assert!(
        plain.contains("NODE     1\n") && plain.contains("MEMORY   256 MiB\n"),
        "{plain}"
    );
}

#[test]
fn completions_are_scripts_that_the_shell_reads() {
    for shell in ["bash", "zsh", "fish"] {
        let script = right(&mut veo(["completions", shell]));
        assert!(script.contains("nodes"), "{shell}");
        // Everybody has bash.
        let is_there = found(shell);
        if !is_there && (shell != "bash" || !available(shell, is_there)) {
            continue;
        }
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("script");
        fs::write(&file, script).unwrap();
        let checked = Command::new(shell).arg("-n").arg(&file).output().unwrap();
        assert!(checked.status.success(), "{shell}: {checked:?}");
    }
    let value = json(&mut veo(["completions", "bash"]));
    let script = right(&mut veo(["completions", "bash"]));
    assert_eq!(value[0]["script"], script.as_str());
    let printed = run(&mut veo(["completions", "sh"]));
    assert_eq!(printed.status, 2, "{}", printed.stderr);
}

#[test]
fn each_command_has_a_man_page() {
    let directory = tempfile::tempdir().unwrap();
    let pages = directory.path().join("man");
    let listed = right(veo(["man"]).arg(&pages));
    assert!(listed.contains("veo-nodes.1"), "{listed}");
    for file in listed.lines() {
        let text = fs::read_to_string(file).unwrap();
        assert!(
            text.contains(".TH ") && text.contains(".SH NAME"),
            "{file}: {text}"
        );
    }
    let value = json(veo(["man"]).arg(&pages));
    let files = value[0]["files"].as_array().unwrap();
    let files: Vec<_> = files.iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(files, listed.lines().collect::<Vec<_>>());
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let said = wrong(1, veo(["man"]).arg(&file));
    assert!(
        said.contains("file") && said.contains("man pages"),
        "{said}"
    );
}

#[test]
fn a_prefix_that_is_no_directory_is_told_before_anything_is_built() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let mut command = veo(["install", "--quiet", "--prefix"]);
    // Nothing can be built without cargo.
    let said = wrong(1, command.arg(&file).env("CARGO", "/no/such/cargo"));
    let expected = format!("cannot install into {}", file.display());
    assert!(said.contains(&expected), "{said}");
}
