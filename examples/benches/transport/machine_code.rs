//! An empty function twice: as machine code of the Vector Engine, and as code of the host.

use std::path::{Path, PathBuf};

use veo_core::{Result, TypedFunction, VeoContext, VeoProc};
use veo_test_support::ve::{self, CLANG};
use veo_test_support::{compile, found};

const SOURCE: &str = "long empty(void) { return 0; }\n";

/// Whether both can be compiled here.
pub fn can_compile() -> bool {
    let can = found(CLANG) && found("gcc");
    if !can {
        println!(
            "calls of VE machine code are not measured: {CLANG} or gcc is missing (Debian: {CLANG} gcc)"
        );
    }
    can
}

/// The function on both sides, in one process.
pub struct Empty {
    ve: TypedFunction<fn() -> i64>,
    host: TypedFunction<fn() -> i64>,
}

impl Empty {
    /// Compiles the function for both and loads it.
    pub fn load(proc: &VeoProc) -> Result<Empty> {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("transport");
        std::fs::create_dir_all(&directory).expect("a directory for what is compiled");
        let object = ve::object_of(&directory, "empty.c", SOURCE, &["-O2"]);
        let library = compile::library_of(SOURCE, "c", directory.join("libempty.so"), &["-O2"]);
        let function = |file: PathBuf| proc.load_library(file)?.function("empty");
        Ok(Empty {
            ve: function(object)?,
            host: function(library)?,
        })
    }

    /// A call of the Vector Engine's that is waited for.
    pub fn on_ve(&self, ctx: &VeoContext) -> i64 {
        wait_for(&self.ve, ctx)
    }

    /// The same of the host's.
    pub fn on_host(&self, ctx: &VeoContext) -> i64 {
        wait_for(&self.host, ctx)
    }
}

fn wait_for(function: &TypedFunction<fn() -> i64>, ctx: &VeoContext) -> i64 {
    let request = function.call(ctx, ());
    request
        .and_then(|request| request.wait())
        .expect("the function returns")
}
