//! The output of kernels has arrived when their request ends, even through a pipe.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};
use veo_test_support as _;

const EXPECTED: &str = "host 1\nkernel 2, no end of line; host 3\nkernel 4\nkernel 5 and 6\n\
                        an error 7\nhost 8\n";

/// One pipe for both streams, so that their order shows.
#[test]
fn a_pipe_sees_kernels_and_host_in_order() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_probe"));
    command
        .arg("talk")
        .stdin(Stdio::null())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer);
    let mut child = command.spawn().unwrap();
    drop(command); // it holds the writing end
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    assert_eq!(text, EXPECTED);
}

#[test]
fn a_file_sees_the_same() {
    let path = std::env::temp_dir().join(format!("veo-output-{}", std::process::id()));
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_probe"))
        .arg("talk")
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .status()
        .unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(status.success(), "{text}");
    assert_eq!(text, EXPECTED);
}

#[test]
fn streams_stay_apart() {
    let output = Command::new(env!("CARGO_BIN_EXE_probe"))
        .arg("talk")
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "an error 7\n");
    let expected = EXPECTED.replace("an error 7\n", "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}
