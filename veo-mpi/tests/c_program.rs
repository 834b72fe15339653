//! A program in C that knows MPI alone exchanges arrays with a rank that has them in VE memory.

mod common;

use std::fs;
use std::process::Command;

use common::{Launch, case, is_open_mpi, say, scratch};
use mpi::Threading;
use mpi::traits::*;
use veo_core::VeoProc;
use veo_mpi::{ANY_SOURCE, ANY_TAG, VePlain};
use veo_test_support::{available, found};

/// It takes an array of each type from rank 0, and sends it back with each value doubled, the bytes in reverse; its length is the tag.
const PROGRAM: &str = r#"
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	MPI_Status status;
	int rank, count;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	for (int round = 0; round < 4; round++) {
		MPI_Probe(0, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
		int length = status.MPI_TAG;
		double *x = malloc(8 * (size_t)length + 8);
		int32_t *n = malloc(4 * (size_t)length + 4);
		char *text = malloc((size_t)length + 1);

		MPI_Recv(x, length, MPI_DOUBLE, 0, length, MPI_COMM_WORLD, &status);
		MPI_Get_count(&status, MPI_DOUBLE, &count);
		if (count != length)
			MPI_Abort(MPI_COMM_WORLD, 9);
		MPI_Recv(n, length, MPI_INT32_T, 0, length, MPI_COMM_WORLD, &status);
		MPI_Recv(text, length, MPI_UINT8_T, 0, length, MPI_COMM_WORLD, &status);
		for (int i = 0; i < length; i++) {
			x[i] *= 2;
			n[i] *= 2;
		}
		for (int i = 0; i < length / 2; i++) {
			char first = text[i];
			text[i] = text[length - 1 - i];
			text[length - 1 - i] = first;
		}
		MPI_Send(x, length, MPI_DOUBLE, 0, 1, MPI_COMM_WORLD);
		MPI_Send(n, length, MPI_INT32_T, 0, 2, MPI_COMM_WORLD);
		MPI_Send(text, length, MPI_UINT8_T, 0, 3, MPI_COMM_WORLD);
		free(x);
		free(n);
		free(text);
	}
	printf("\n@rank %d in C has ended\n", rank);
	MPI_Finalize();
	return 0;
}
"#;

/// Lengths of the arrays: none, one, a slice of a page, more than several chunks of staging.
const LENGTHS: [usize; 4] = [0, 1, 1000, 200_003];

/// The rank with a VE. Not all ranks of the job call `veo_mpi::run`, so this one does without.
#[test]
fn rank() {
    let Some(path) = case() else {
        return;
    };
    let begun = mpi::initialize_with_threading(Threading::Serialized);
    let (universe, _) = begun.expect("nobody has begun it");
    let world = universe.world();
    assert_eq!((world.rank(), world.size()), (0, 2));
    let proc = VeoProc::new(0).expect("the emulated node is there");
    let ctx = proc.open_context().expect("a context");
    let plain = VePlain::new(&world, &proc).expect("the path is there");
    for length in LENGTHS {
        let tag = length as i32;
        let x: Vec<f64> = (0..length).map(|i| i as f64 + 0.25).collect();
        let n: Vec<i32> = (0..length as i32).map(|i| 3 - i).collect();
        let text: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        // One more on either side, which nobody may touch.
        let around = |len: usize| 1..len + 1;
        let mut on_ve = proc
            .upload(&[&[-1.0], &x[..], &[-2.0]].concat())
            .expect("memory");
        plain
            .send(
                &ctx,
                on_ve.slice(around(length)).expect("it is within"),
                1,
                tag,
            )
            .expect("sent");
        let mut numbers = proc.upload(&n).expect("memory");
        plain.send(&ctx, &numbers, 1, tag).expect("sent");
        let mut bytes = proc.upload(&text).expect("memory");
        plain.send(&ctx, &bytes, 1, tag).expect("sent");

        let to = on_ve.slice_mut(around(length)).expect("it is within");
        let status = plain.recv(&ctx, to, 1, ANY_TAG).expect("received");
        assert_eq!(
            (status.source_rank(), status.tag(), status.count()),
            (1, 1, length)
        );
        let status = plain
            .recv(&ctx, &mut numbers, ANY_SOURCE, 2)
            .expect("received");
        assert_eq!(
            (status.source_rank(), status.tag(), status.count()),
            (1, 2, length)
        );
        plain.recv(&ctx, &mut bytes, 1, 3).expect("received");

        let doubled = x.iter().map(|x| 2.0 * x);
        let expected: Vec<f64> = [-1.0].into_iter().chain(doubled).chain([-2.0]).collect();
        assert_eq!(on_ve.to_vec().expect("it is there"), expected);
        let doubled: Vec<i32> = n.iter().map(|n| 2 * n).collect();
        assert_eq!(numbers.to_vec().expect("it is there"), doubled);
        let reverse: Vec<u8> = text.iter().rev().copied().collect();
        assert_eq!(bytes.to_vec().expect("it is there"), reverse);
    }
    say(&format!("{path} is over"));
}

#[test]
fn a_program_in_c_exchanges_arrays_with_a_rank() {
    let mpicc = if is_open_mpi() {
        "mpicc.openmpi"
    } else {
        "mpicc.mpich"
    };
    if !available(
        &format!("{mpicc} (Debian: openmpi-bin, mpich)"),
        found(mpicc),
    ) {
        return;
    }
    let source = scratch().join("exchange.c");
    let program = scratch().join("exchange");
    fs::write(&source, PROGRAM).expect("the directory is writable");
    let compiled = Command::new(mpicc)
        .args([
            "-std=c99".as_ref(),
            "-O1".as_ref(),
            "-o".as_ref(),
            program.as_os_str(),
            source.as_os_str(),
        ])
        .output();
    let compiled = compiled.expect("it was found");
    assert!(compiled.status.success(), "{compiled:#?}");
    for path in ["staged", "direct"] {
        let Some(launch) = Launch::of_programs(path) else {
            return;
        };
        let launch = launch.args(["-n", "1"]).test("rank");
        let launch = launch.args([":", "-n", "1"]).arg(&program);
        let job = launch.env("VEO_MPI_PATH", path).run();
        let said = job.succeeds().lines();
        let mut expected = [
            "rank 1 in C has ended".to_owned(),
            format!("{path} is over"),
        ];
        expected.sort();
        assert_eq!(said, expected, "{:#?}", job.0);
    }
}
