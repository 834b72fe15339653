//! What the Python binding's README documents, row by row, under our names: each test
//! is named after its row. `docs/from-python.md` is the table.

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ve_kernels::host_library;
use veo_core::{
    Error, OnStack, Result, VEMemPtr, Value, VeAddr, VeoCtxt, VeoFunction, VeoLibrary, VeoProc,
    del_proc_init_hook, set_proc_init_hook,
};

fn start() -> (VeoProc, VeoLibrary) {
    let proc = VeoProc::new(0).unwrap();
    let lib = proc.load_library(host_library("libvebasics.so")).unwrap();
    (proc, lib)
}

fn function(lib: &VeoLibrary, name: &str, args: &[&str], ret: &str) -> VeoFunction {
    let function = lib.find_function(name).unwrap();
    function.args_type(args).unwrap().ret_type(ret).unwrap()
}

mod veo_proc {
    use super::*;

    #[test]
    fn veo_proc_with_nodeid() -> Result<()> {
        assert_eq!(VeoProc::new(3)?.nodeid(), 3);
        assert!(matches!(VeoProc::new(1000), Err(Error::NoSuchNode { .. })));
        Ok(())
    }

    #[test]
    fn veo_proc_with_veorun_bin() -> Result<()> {
        let build = ve_build::Bench::new();
        let veorun = build.veorun();
        let proc = VeoProc::builder().node(1).veorun(&veorun).build()?;
        assert_eq!(proc.nodeid(), 1);
        let linked_in = function(&proc.static_library(), "twice", &["long"], "long");
        assert_eq!(
            i64::try_from(linked_in.call(&proc, [Value::from(21)])?)?,
            42
        );
        let nowhere = VeoProc::builder().veorun("/nowhere/veorun").build();
        assert!(nowhere.unwrap_err().to_string().contains("/nowhere/veorun"));
        Ok(())
    }

    #[test]
    fn load_library() -> Result<()> {
        let (proc, lib) = start();
        assert!(lib.name().contains("libvebasics.so"));
        assert!(proc.load_library("/nowhere/libx.so").is_err());
        Ok(())
    }

    #[test]
    fn static_library() -> Result<()> {
        let proc = VeoProc::new(0)?;
        let library = proc.static_library();
        assert!(library.find_function("no_such_function_is_linked").is_err());
        Ok(())
    }

    #[test]
    fn alloc_mem_free_mem_read_mem_write_mem() -> Result<()> {
        let proc = VeoProc::new(0)?;
        let ptr = proc.alloc_mem(10_000)?;
        proc.write_mem(ptr, b"hello")?;
        let mut back = [0; 5];
        proc.read_mem(&mut back, ptr)?;
        assert_eq!(&back, b"hello");
        proc.free_mem(ptr)?;
        proc.free_mem(ptr).unwrap_err();
        Ok(())
    }

    #[test]
    fn open_context_close_context() -> Result<()> {
        let proc = VeoProc::new(0)?;
        let ctx: VeoCtxt = proc.open_context()?;
        assert_eq!(proc.contexts().len(), 1);
        ctx.close()?;
        assert_eq!(proc.contexts().len(), 0);
        Ok(())
    }

    #[test]
    fn get_function() -> Result<()> {
        let (proc, lib) = start();
        let found = proc.get_function("add_up")?;
        assert_eq!(found.addr(), lib.find_function("add_up")?.addr());
        assert!(matches!(
            proc.get_function("add_upp"),
            Err(Error::SymbolNotFound { .. })
        ));
        Ok(())
    }

    #[test]
    fn nodeid_context_lib() -> Result<()> {
        let (proc, lib) = start();
        assert_eq!(proc.nodeid(), 0);
        let _ctx = proc.open_context()?;
        assert_eq!(proc.contexts().len(), 1);
        assert!(proc.libs().iter().any(|l| l.name() == lib.name()));
        Ok(())
    }
}

mod veo_ctxt {
    use super::*;

    #[test]
    fn async_read_mem_async_write_mem() -> Result<()> {
        let proc = VeoProc::new(0)?;
        let ctx = proc.open_context()?;
        let mut buffer = proc.alloc::<u8>(1000)?;
        let written = ctx.write(&mut buffer, vec![7; 1000])?;
        let read = ctx.read(&buffer)?;
        assert_eq!(read.wait()?, vec![7; 1000]);
        written.wait()?;
        Ok(())
    }

    #[test]
    fn proc() -> Result<()> {
        let proc = VeoProc::new(2)?;
        assert_eq!(proc.open_context()?.proc().nodeid(), 2);
        Ok(())
    }
}

mod veo_library {
    use super::*;

    #[test]
    fn get_symbol() -> Result<()> {
        let (proc, lib) = start();
        let counter: VEMemPtr<c_void> = lib.get_symbol("counter")?;
        let mut value = [0; 8];
        proc.read_mem(&mut value, counter)?;
        assert_eq!(i64::from_ne_bytes(value), 100);
        Ok(())
    }

    #[test]
    fn find_function() -> Result<()> {
        let (_proc, lib) = start();
        assert_eq!(lib.find_function("add_up")?.name(), "add_up");
        let Err(Error::SymbolNotFound { near, .. }) = lib.find_function("addup") else {
            panic!("there is no such function");
        };
        assert_eq!(near, ["add_up"]);
        Ok(())
    }

    /// `lib.foo` of Python: a typed function by name.
    #[test]
    fn function_as_attribute() -> Result<()> {
        let (proc, lib) = start();
        let sum = lib.function::<fn(*const f64, i64) -> f64>("sum")?;
        let x = proc.upload(&[1.0, 2.5])?;
        assert_eq!(sum.call(&proc, (&x, 2))?, 3.5);
        Ok(())
    }

    #[test]
    fn name_proc_func_symbol() -> Result<()> {
        let (proc, lib) = start();
        assert!(lib.name().ends_with("libvebasics.so"));
        assert!(lib.path().is_some_and(|path| path.is_absolute()));
        assert_eq!(lib.proc().nodeid(), proc.nodeid());
        let addr = lib.find_function("add_up")?.addr();
        assert!(
            lib.symbols()
                .iter()
                .any(|(n, p)| n == "add_up" && p.addr() == addr)
        );
        Ok(())
    }
}

mod veo_function {
    use super::*;

    #[test]
    fn args_type_ret_type() -> Result<()> {
        let (proc, lib) = start();
        let sum = function(&lib, "sum", &["double *", "long"], "double");
        let x = proc.upload(&[0.5, 0.25])?;
        let result = sum.call(&proc, [Value::from(&x), 2.into()])?;
        assert_eq!(f64::try_from(result)?, 0.75);
        assert!(
            lib.find_function("sum")?
                .args_type(&["quaternion"])
                .is_err()
        );
        assert!(
            lib.find_function("sum")?
                .ret_type("unsigned double")
                .is_err()
        );
        // A value that does not fit is an error, never cut.
        let add_up = function(&lib, "add_up", &["char"; 8], "long");
        let arguments: Vec<Value> = (121..129).map(Value::from).collect();
        add_up.call(&proc, arguments).map(drop).unwrap_err();
        Ok(())
    }

    #[test]
    fn call() -> Result<()> {
        let (proc, lib) = start();
        let ctx = proc.open_context()?;
        let add_up = function(&lib, "add_up", &["long"; 8], "long");
        let request = add_up.call(&ctx, (1..9).map(Value::from).collect::<Vec<_>>())?;
        assert_eq!(i64::try_from(request.wait()?)?, 36);
        add_up.call(&ctx, [Value::from(1)]).map(drop).unwrap_err();
        Ok(())
    }

    #[test]
    fn lib_name() -> Result<()> {
        let (_proc, lib) = start();
        let add_up = lib.find_function("add_up")?;
        assert_eq!((add_up.name(), add_up.lib().name()), ("add_up", lib.name()));
        Ok(())
    }
}

mod on_stack {
    use super::*;

    #[test]
    fn intent_in() -> Result<()> {
        let (proc, lib) = start();
        let sum = function(&lib, "sum", &["double *", "long"], "double");
        let values = [1.0, 2.0, 3.0];
        let result = sum.call(&proc, [OnStack::input(&values).into(), Value::from(3)])?;
        assert_eq!(f64::try_from(result)?, 6.0);
        Ok(())
    }

    #[test]
    fn intent_out() -> Result<()> {
        let (proc, lib) = start();
        let fill = function(
            &lib,
            "fill",
            &["double *", "long", "double", "double"],
            "void",
        );
        let mut values = [0.0; 3];
        let out = OnStack::output(&mut values).into();
        fill.call(&proc, [out, Value::from(3), 1.0.into(), 0.5.into()])?;
        assert_eq!(values, [1.0, 1.5, 2.0]);
        Ok(())
    }

    #[test]
    fn intent_inout() -> Result<()> {
        let (proc, lib) = start();
        let axpy = function(
            &lib,
            "axpy",
            &["long", "double", "double *", "double *"],
            "void",
        );
        let (x, mut y) = ([1.0, 2.0], [10.0, 20.0]);
        let (input, inout) = (OnStack::input(&x).into(), OnStack::inout(&mut y).into());
        axpy.call(&proc, [Value::from(2), 3.0.into(), input, inout])?;
        assert_eq!(y, [13.0, 26.0]);
        Ok(())
    }

    /// Python gives a size to pass less than the buffer; here a slice has its own.
    #[test]
    fn size() -> Result<()> {
        let (proc, lib) = start();
        let fill = function(
            &lib,
            "fill",
            &["double *", "long", "double", "double"],
            "void",
        );
        let mut values = [0.0; 4];
        let out = OnStack::output(&mut values[..2]).into();
        fill.call(&proc, [out, Value::from(2), 1.0.into(), 1.0.into()])?;
        assert_eq!(values, [1.0, 2.0, 0.0, 0.0]);
        let sum = function(&lib, "sum", &["double *", "long"], "double");
        let part = OnStack::input(&values[1..3]).into();
        let result = sum.call(&proc, [part, Value::from(2)])?;
        assert_eq!(f64::try_from(result)?, 2.0);
        Ok(())
    }
}

mod veo_request {
    use super::*;

    fn busy(
        lib: &VeoLibrary,
        ctx: &VeoCtxt,
        ms: u64,
    ) -> veo_core::VeoRequest<'static, Value<'static>> {
        let busy = function(lib, "busy", &["unsigned long"], "unsigned long");
        busy.call(ctx, [Value::from(ms)]).unwrap()
    }

    #[test]
    fn wait_result() -> Result<()> {
        let (proc, lib) = start();
        let ctx = proc.open_context()?;
        assert!(u64::try_from(busy(&lib, &ctx, 1).wait()?)? > 0);
        Ok(())
    }

    /// `ArithmeticError` of Python: an exception on the VE.
    #[test]
    fn wait_result_after_an_exception() -> Result<()> {
        let (proc, lib) = start();
        let ctx = proc.open_context()?;
        let peek = function(&lib, "peek_word", &["unsigned long"], "unsigned long");
        let crashed = peek.call(&ctx, [Value::from(8)])?;
        let error = crashed.wait().unwrap_err();
        assert!(matches!(error, Error::Exception { .. }), "{error}");
        Ok(())
    }

    /// `RuntimeError` of Python: any other end.
    #[test]
    fn wait_result_after_the_process_ended() -> Result<()> {
        let (proc, lib) = start();
        let ctx = proc.open_context()?;
        let request = busy(&lib, &ctx, 10_000);
        proc.kill()?;
        let error = request.wait().unwrap_err();
        assert!(matches!(error, Error::ProcessEnded { .. }), "{error}");
        Ok(())
    }

    /// `NameError` of Python, unfinished, is `None`.
    #[test]
    fn peek_result() -> Result<()> {
        let (proc, lib) = start();
        let ctx = proc.open_context()?;
        let mut request = busy(&lib, &ctx, 200);
        assert!(request.peek()?.is_none());
        loop {
            if let Some(rounds) = request.peek()? {
                assert!(u64::try_from(rounds)? > 0);
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn req_ctx() -> Result<()> {
        let (proc, lib) = start();
        let ctx = proc.open_context()?;
        let (first, second) = (busy(&lib, &ctx, 0), busy(&lib, &ctx, 0));
        assert_eq!((first.id(), second.id()), (0, 1));
        assert_eq!(first.context().proc().nodeid(), 0);
        first.wait()?;
        second.wait()?;
        Ok(())
    }
}

mod ve_mem_ptr {
    use super::*;

    #[test]
    fn addr_size_proc() -> Result<()> {
        let proc = VeoProc::new(1)?;
        let ptr = proc.alloc_mem(1234)?;
        assert_ne!(ptr.addr(), 0);
        assert_eq!(ptr.size(), Some(1234));
        assert_eq!(ptr.proc().map(|proc| proc.nodeid()), Some(1));
        proc.free_mem(ptr)
    }

    #[test]
    fn from_a_known_address() -> Result<()> {
        let proc = VeoProc::new(0)?;
        let buffer = proc.upload(&[5u8, 6])?;
        let known: VEMemPtr<u8> = proc.pointer(VeAddr::new(buffer.as_ptr().addr()));
        assert_eq!(known.addr(), buffer.as_ptr().addr());
        assert_eq!(known.size(), Some(2), "the process knows what it allocated");
        let mut back = [0; 2];
        proc.read_mem(&mut back, known)?;
        assert_eq!(back, [5, 6]);
        Ok(())
    }
}

mod hooks {
    use super::*;

    #[test]
    fn set_proc_init_hook_and_del_proc_init_hook() -> Result<()> {
        static SEEN: AtomicUsize = AtomicUsize::new(0);
        // Other tests of this program create processes meanwhile: only node 7 counts.
        let id = set_proc_init_hook(|proc: &VeoProc| {
            if proc.nodeid() == 7 {
                let lib = proc.load_library(host_library("libvebasics.so"))?;
                lib.find_function("sum")?;
                SEEN.fetch_add(1, Ordering::SeqCst);
            }
            Ok(())
        });
        let proc = VeoProc::new(7)?;
        assert_eq!(SEEN.load(Ordering::SeqCst), 1);
        proc.get_function("sum")?;
        assert!(del_proc_init_hook(id));
        assert!(!del_proc_init_hook(id));
        VeoProc::new(7)?.close()?;
        assert_eq!(SEEN.load(Ordering::SeqCst), 1);
        Ok(())
    }
}

mod ve_build {
    use std::path::PathBuf;

    use veo_build::{Built, Kernels, Target};

    use super::*;

    const TWICE: &str = "long twice(long x) { return 2 * x; }\n";

    /// A place for what build scripts make, as Cargo gives them one.
    pub struct Bench(tempfile::TempDir);

    impl Bench {
        pub fn new() -> Bench {
            Bench(tempfile::tempdir().unwrap())
        }

        fn build(&self, kernels: &mut Kernels) -> Built {
            let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
            kernels
                .targets([Target::Host])
                .out_dir(self.0.path())
                .target(&triple)
                .host(&triple)
                .cargo_metadata(false)
                .env("CARGO_MANIFEST_DIR", self.0.path())
                .env("CARGO_CFG_TARGET_OS", "linux")
                .env("OPT_LEVEL", "1")
                .env("DEBUG", "2")
                .env("NUM_JOBS", "1");
            kernels
                .try_compile()
                .unwrap_or_else(|error| panic!("{error}"))
        }

        /// A veorun with the kernel `twice` in it.
        pub fn veorun(&self) -> PathBuf {
            let mut kernels = Kernels::static_veorun("veorun_twice");
            let built = self.build(kernels.inline("twice.c", TWICE));
            built.library(Target::Host).unwrap().to_owned()
        }
    }

    fn found(compiler: &str) -> bool {
        let version = std::process::Command::new(compiler)
            .arg("--version")
            .output();
        version.is_ok_and(|output| output.status.success())
    }

    /// The result of the kernel `name` of a library made of this source, called with 20.0.
    fn call_one(label: &str, source: &str, name: &str) -> Result<f64> {
        let bench = Bench::new();
        let built = bench.build(Kernels::new("libone.so").inline(label, source));
        let proc = VeoProc::new(0)?;
        let lib = proc.load_library(built.library(Target::Host).unwrap())?;
        let one = function(&lib, name, &["double"], "double");
        f64::try_from(one.call(&proc, [Value::from(20.0)])?)
    }

    #[test]
    fn set_c_src_and_build_so() -> Result<()> {
        let source = "double half(double x) { return x / 2; }\n";
        assert_eq!(call_one("half.c", source, "half")?, 10.0);
        Ok(())
    }

    #[test]
    fn set_cpp_src() -> Result<()> {
        if !veo_tests::available("a C++ compiler (Debian: g++)", found("c++")) {
            return Ok(());
        }
        let source = "template <typename T> T more(T x) { return x + 1; }\n\
                      extern \"C\" double next(double x) { return more(x); }\n";
        assert_eq!(call_one("next.cpp", source, "next")?, 21.0);
        Ok(())
    }

    #[test]
    fn set_ftn_src() -> Result<()> {
        if !veo_tests::available("a Fortran compiler (Debian: gfortran)", found("gfortran")) {
            return Ok(());
        }
        let source = "real(c_double) function squared(x) bind(c)\n  use iso_c_binding\n\
                      \x20 real(c_double), value :: x\n  squared = x * x\nend function\n";
        assert_eq!(call_one("squared.f90", source, "squared")?, 400.0);
        Ok(())
    }

    #[test]
    fn build_veorun() -> Result<()> {
        let bench = Bench::new();
        let veorun = bench.veorun();
        assert!(veorun.ends_with("veorun_twice") && veorun.is_file());
        Ok(())
    }

    /// What was made lies in the build directory and nowhere else, so that removing that
    /// is all the cleaning there is; a second build finds everything done.
    #[test]
    fn set_build_dir_and_clean() -> Result<()> {
        let bench = Bench::new();
        let mut kernels = Kernels::new("libone.so");
        kernels.inline("twice.c", TWICE);
        let library = bench.build(&mut kernels);
        let library = library.library(Target::Host).unwrap();
        assert!(library.starts_with(bench.0.path()));
        let made = std::fs::metadata(library).unwrap().modified().unwrap();
        bench.build(&mut kernels);
        let again = std::fs::metadata(library).unwrap().modified().unwrap();
        assert_eq!(made, again);
        std::fs::remove_dir_all(bench.0.path()).unwrap();
        bench.build(&mut kernels);
        assert!(library.is_file());
        Ok(())
    }
}
