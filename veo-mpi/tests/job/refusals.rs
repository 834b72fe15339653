//! The cases that `run` refuses, with one clear error.

use veo_core::VeoProc;
use veo_mpi::{Error, Operation, VeComm};
use veo_test_support::compile;

use crate::common::{alone, case, say, scratch};

#[test]
fn rank() {
    let Some(case) = case() else {
        return;
    };
    match &*case {
        "twice" => {
            let within = |_: &veo_mpi::Job| {
                let second = veo_mpi::run(|_| unreachable!("it does not run")).unwrap_err();
                assert!(matches!(second, Error::SecondRun), "{second}");
                say(&second.to_string());
                Ok(())
            };
            veo_mpi::run(within).expect("the first one runs");
            let second = veo_mpi::run(|_| unreachable!("it does not run")).unwrap_err();
            assert!(matches!(second, Error::SecondRun), "{second}");
        }
        "begun" => {
            let universe = mpi::initialize().expect("nobody has begun it");
            let error = veo_mpi::run(|_| unreachable!("it does not run")).unwrap_err();
            assert!(matches!(error, Error::AlreadyInitialised), "{error}");
            say(&format!("{error:?}"));
            drop(universe);
        }
        "layout" => {
            let error = veo_mpi::builder()
                .ranks_per_node(0)
                .run(|_| unreachable!("it does not run"));
            let error = error.unwrap_err();
            assert!(matches!(error, Error::Layout { .. }), "{error}");
            assert!(!mpi::environment::is_initialized(), "MPI has not begun");
            say(&error.to_string());
            // It was no job yet.
            veo_mpi::run(|_| Ok(())).expect("it runs");
        }
        "ended" => {
            let universe = mpi::initialize().expect("nobody has begun it");
            let world = universe.world();
            let proc = VeoProc::new(0).expect("there is a node");
            let ctx = proc.open_context().expect("it is open");
            let comm = VeComm::new(&world, &proc).expect("MPI has begun");
            let mut x = proc.upload(&[1i32]).expect("there is memory");
            let y = proc.upload(&[2i32]).expect("there is memory");
            drop(universe);
            let largest = Operation::commutative(i32::max);
            for refused in [
                comm.barrier(&ctx),
                comm.all_reduce(&ctx, &y, &mut x, &largest),
                comm.all_reduce_in_place(&ctx, &mut x, &Operation::sum()),
                comm.broadcast(&ctx, &mut x, 0)
                    .and_then(|()| comm.send(&ctx, &x, 0, 0)),
                comm.plain()
                    .recv(&ctx, &mut x, veo_mpi::ANY_SOURCE, 0)
                    .map(|_| ()),
                VeComm::new(&world, &proc).map(|_| ()),
            ] {
                let error = refused.unwrap_err();
                assert!(matches!(error, Error::NotRunning), "{error}");
            }
            say("nothing was begun");
        }
        "run" => veo_mpi::run(|_| Ok(())).expect("it runs or ends the job"),
        case => unreachable!("{case}"),
    }
}

/// The message of a rank that refuses something.
fn says(case: &str) -> String {
    alone("refusals::rank", case, |_| {})
        .succeeds()
        .lines()
        .join("\n")
}

#[test]
fn a_program_has_one_job() {
    let said = says("twice");
    assert!(
        said.contains("a second time") && said.contains("the whole job"),
        "{said}"
    );
}

#[test]
fn mpi_is_begun_by_run_alone() {
    let said = says("begun");
    assert!(
        said.contains("has begun already") && said.contains("VeComm::new"),
        "{said}"
    );
}

#[test]
fn nothing_begins_when_mpi_has_ended() {
    assert_eq!(says("ended"), "nothing was begun");
}

#[test]
fn settings_that_make_no_sense_are_refused_before_mpi_begins() {
    let said = says("layout");
    assert!(
        said.contains("ranks_per_node(0)") && said.contains("at least 1"),
        "{said}"
    );
}

#[test]
fn an_mpi_without_threads_is_refused() {
    // An MPI that promises less than it does: level 0 is MPI_THREAD_SINGLE.
    let source = "int PMPI_Init_thread(int *, char ***, int, int *);\n\
                  int MPI_Init_thread(int *count, char ***words, int wanted, int *given)\n\
                  { int status = PMPI_Init_thread(count, words, wanted, given); *given = 0; return status; }\n";
    let library = scratch().join("libsingle.so");
    compile::library_of(source, "c", &library, &["-O1"]);
    let refused = alone("refusals::rank", "run", |command| {
        command.env("LD_PRELOAD", &library);
    });
    refused.fails(&["rank 0 of 1", "thread level Single", "Serialized is needed"]);
}
