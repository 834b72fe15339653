//! Says what is missing where the feature `mpi` is built without MPI or libclang.
//!
//! The build script of mpi-sys fails there, too, with words about its own search. This one needs nothing that takes long to compile, and
//! it waits for no other, so it is done before that one begins.

fn main() {
    #[cfg(feature = "mpi")]
    needed::look();
}

/// The needs of the feature.
#[cfg(feature = "mpi")]
mod needed {
    use std::env;
    use std::process::{Command, exit};

    /// The search depends on these.
    const VARIABLES: [&str; 6] = [
        "MPICC",
        "MPI_PKG_CONFIG",
        "CRAY_MPICH_DIR",
        "PKG_CONFIG_PATH",
        "LIBCLANG_PATH",
        "PATH",
    ];

    const PACKAGES: &str = "install one (on Debian: libopenmpi-dev and openmpi-bin, or libmpich-dev and mpich), or have MPICC \
                            name its compiler, as in MPICC=mpicc.mpich";

    /// Ends the build if something is not there.
    pub fn look() {
        if let Err(missing) = mpi().and_then(|()| libclang()) {
            println!("cargo::error={missing}");
            exit(1);
        }
        for variable in VARIABLES {
            println!("cargo::rerun-if-env-changed={variable}");
        }
    }

    /// Whether a program can be run and is content.
    fn answers(program: &str, argument: &str) -> bool {
        let output = Command::new(program).arg(argument).output();
        output.is_ok_and(|output| output.status.success())
    }

    /// Looks for an MPI where mpi-sys does.
    fn mpi() -> Result<(), String> {
        if env::var_os("MPI_PKG_CONFIG").is_some() || env::var_os("CRAY_MPICH_DIR").is_some() {
            return Ok(());
        }
        let packaged = || ["mpich", "ompi"].iter().any(|it| answers("pkg-config", it));
        match env::var("MPICC") {
            Ok(mpicc) if !answers(&mpicc, "-show") => Err(format!(
                "MPICC is {mpicc:?}, and `{mpicc} -show` fails: there is no MPI for the feature `mpi` of veo-mpi; {PACKAGES}"
            )),
            Err(_) if !answers("mpicc", "-show") && !packaged() => Err(format!(
                "`mpicc -show` fails: there is no MPI for the feature `mpi` of veo-mpi; {PACKAGES}"
            )),
            _ => Ok(()),
        }
    }

    /// Looks for libclang where bindgen does, which reads MPI's header.
    fn libclang() -> Result<(), String> {
        clang_sys::load().map_err(|error| {
            let error = error.replace('\n', " ");
            format!(
                "libclang was not found, which reads MPI's header for the feature `mpi` of veo-mpi; install it (on Debian: \
                 libclang-dev), or have LIBCLANG_PATH name its directory: {error}"
            )
        })
    }
}
