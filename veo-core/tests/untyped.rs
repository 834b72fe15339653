//! Libraries and functions that a program looks up by itself.

mod common;

use common::{library, process};
use veo_core::{Error, KernelLookup, NULL, OnStack, Result, Value, ValueKind, VeMemPtr, VeoProc};

#[test]
fn functions_are_called_with_values() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let lib = proc.load_library(library())?;
    let add = lib
        .find_function("add")?
        .args_type(&["int", "double *"])?
        .ret_type("long")?;
    let mut x = proc.upload(&[1.0, 2.0])?;
    let r = add.call(&ctx, [3.into(), (&mut x).into()])?.wait()?;
    assert_eq!(i64::try_from(r)?, 4);
    let mut y = [10.0];
    let r = add.call(&proc, [(-3).into(), OnStack::inout(&mut y).into()])?;
    assert_eq!((i64::try_from(r)?, y), (7, [7.0]));

    // As a slice, which is used again later.
    let args = [Value::from(1), Value::from(x.as_ptr())];
    add.call(&ctx, &args)?.wait()?;
    add.call(&ctx, &args[..])?.wait()?;
    assert_eq!(x.to_vec()?, [6.0, 2.0]);

    let mixed = lib
        .find_function("give_f32")?
        .args_type(&["float"])?
        .ret_type("float")?;
    let r = mixed.call(&proc, vec![0.5.into()])?;
    assert_eq!(r.kind(), ValueKind::Float);
    assert_eq!(f32::try_from(r)?, 0.5);

    let length = lib
        .find_function("length")?
        .args_type(&["const char *"])?
        .ret_type("uint64_t")?;
    let r = length.call(&proc, [OnStack::cstr(c"four").into()])?;
    assert_eq!(u64::try_from(r)?, 4);
    Ok(())
}

#[test]
fn values_that_do_not_fit_are_refused() -> Result<()> {
    let proc = process();
    let lib = proc.load_library(library())?;
    let give = lib
        .find_function("give_i8")?
        .args_type(&["char"])?
        .ret_type("char")?;
    let error = give.call(&proc, [200.into()]).unwrap_err();
    assert!(matches!(error, Error::Argument { index: 0, .. }), "{error}");
    assert!(error.to_string().contains("-128 to 127"), "{error}");
    let error = give.call(&proc, []).unwrap_err();
    assert!(error.to_string().contains("takes 1 argument, "), "{error}");
    let error = give.call(&proc, [1.5.into()]).unwrap_err();
    assert!(error.to_string().contains("1.5"), "{error}");
    assert!(lib.find_function("add")?.args_type(&["string"]).is_err());
    assert!(lib.find_function("add")?.args_type(&["void"]).is_err());
    let mut x = [0.0];
    let written = [Value::from(1), OnStack::inout(&mut x).into()];
    let add = lib.find_function("add")?;
    let error = add.call(&proc, &written).unwrap_err();
    assert!(
        error.to_string().contains("by value") || error.to_string().contains("array"),
        "{error}"
    );
    Ok(())
}

#[test]
fn functions_can_be_given_a_rust_type() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let lib = proc.load_library(library())?;
    let add = lib.function::<fn(i32, *mut f64) -> i64>("add")?;
    let mut x = proc.upload(&[1.0])?;
    assert_eq!(add.call(&ctx, (3, &mut x))?.wait()?, 4);
    let mut y = [1.0];
    assert_eq!(add.call(&proc, (4, OnStack::inout(&mut y)))?, 5);
    assert_eq!(y, [5.0]);
    let counter = lib.function::<fn() -> *mut i64>("counter_address")?;
    let ptr: VeMemPtr<i64> = counter.call(&proc, ())?;
    assert!(!ptr.is_null());
    lib.function::<extern "C" fn(*mut i64, i64)>("set_flag")?
        .call(&proc, (ptr, 7))?;
    assert_eq!(
        lib.function::<fn() -> i64>("bump_counter")?
            .call(&proc, ())?,
        8
    );
    assert_eq!(
        add.untyped().to_string(),
        "int64_t add(int32_t, void *)",
        "as C declares it"
    );
    Ok(())
}

#[test]
fn a_wrong_type_is_found_out() -> Result<()> {
    let proc = process();
    let lib = proc.load_library(library())?;
    let error = lib.function::<fn(i64, *mut f64) -> i64>("add").unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Prototype { .. }), "{text}");
    assert!(text.contains("add(i64, *mut f64) -> i64"), "{text}");
    assert!(text.contains("kernels.c:"), "{text}");
    assert!(text.contains("untyped.rs:"), "{text}");
    assert!(lib.function::<fn(i32, *mut f32) -> i64>("add").is_err());
    assert!(lib.function::<fn(i32) -> i64>("add").is_err());
    assert!(lib.function::<fn(i32, *mut f64) -> f64>("add").is_err());
    Ok(())
}

#[test]
fn libraries_and_functions_say_what_they_are() -> Result<()> {
    let proc = VeoProc::builder().kernels(KernelLookup::None).build()?;
    assert!(proc.libs().is_empty());
    assert!(proc.get_function("add").is_err());
    let lib = proc.load_library(library())?;
    assert_eq!(lib.name(), "libcoretest.so");
    assert_eq!(lib.proc(), &proc);
    assert_eq!(proc.load_library(library())?, lib, "loaded once");
    assert_eq!(proc.libs().as_slice(), std::slice::from_ref(&lib));
    let add = proc.get_function("add")?;
    assert_eq!((add.name(), add.lib(), add.proc()), ("add", &lib, &proc));
    assert_ne!(add.addr(), 0);
    let counter = lib.get_symbol("global_counter")?;
    let mut bytes = [0; 8];
    proc.read_mem(&mut bytes, counter)?;
    assert_eq!(i64::from_ne_bytes(bytes), 41);
    let symbols = lib.symbols().into_iter();
    let looked_up = symbols.filter(|symbol| symbol.addr.is_some());
    let names: Vec<_> = looked_up.map(|symbol| symbol.name).collect();
    assert_eq!(names, ["add", "global_counter"]);
    Ok(())
}

#[test]
fn a_missing_symbol_is_named_with_its_likes() -> Result<()> {
    let proc = process();
    let lib = proc.load_library(library())?;
    let error = lib.find_function("ad").unwrap_err().to_string();
    assert!(
        error.contains("no symbol ad") && error.contains("add"),
        "{error}"
    );
    let error = proc.get_function("plan_maker").unwrap_err().to_string();
    assert!(
        error.contains("node 0) has no symbol") && error.contains("plan_make"),
        "{error}"
    );
    let error = proc.load_library("libnothere.so").unwrap_err();
    assert!(matches!(error, Error::LibraryNotFound { .. }), "{error}");
    let error = proc.load_library("./libnothere.so").unwrap_err();
    assert!(error.to_string().contains("./libnothere.so"), "{error}");
    let error = proc
        .load_library(file!().replace("veo-core/", "./"))
        .unwrap_err();
    assert!(matches!(error, Error::LibraryLoad { .. }), "{error}");
    assert!(lib.find_function(&"x".repeat(300)).is_err());
    assert!(lib.find_function("with\0nul").is_err());
    Ok(())
}

#[test]
fn unloading_waits_for_what_runs() -> Result<()> {
    let proc = process();
    let contexts = [proc.open_context()?, proc.open_context()?];
    let lib = proc.load_library(library())?;
    let busy = lib.find_function("busy")?;
    let requests = contexts
        .iter()
        .map(|ctx| busy.call(ctx, [50.into()]))
        .collect::<Result<Vec<_>>>()?;
    lib.unload()?;
    for request in requests {
        request.wait()?;
    }
    Ok(())
}

#[test]
fn an_unloaded_library_is_not_used() -> Result<()> {
    let proc = process();
    let lib = proc.load_library(library())?;
    let add = lib.find_function("give_i32")?;
    lib.clone().unload()?;
    assert!(!lib.is_loaded());
    let error = add.call(&proc, [1.into()]).unwrap_err();
    assert!(matches!(error, Error::LibraryUnloaded { .. }), "{error}");
    assert!(matches!(
        lib.get_symbol("add"),
        Err(Error::LibraryUnloaded { .. })
    ));
    assert!(matches!(lib.unload(), Err(Error::LibraryUnloaded { .. })));
    let again = proc.load_library(library())?;
    assert_eq!(
        i64::try_from(again.find_function("give_i32")?.call(&proc, [1.into()])?)?,
        1
    );
    Ok(())
}

#[test]
fn functions_of_the_ve_are_arguments() -> Result<()> {
    let proc = process();
    let lib = proc.load_library(library())?;
    let doubler = lib.function::<fn() -> *const std::ffi::c_void>("doubler")?;
    let function = doubler.call(&proc, ())?;
    let apply = lib.find_function("apply")?.args_type(&["void *", "long"])?;
    let r = apply.call(&proc, [function.into(), 21.into()])?;
    assert_eq!(i64::try_from(r)?, 42);
    let give = lib.find_function("give_i64")?;
    let r = apply.call(&proc, [(&give).into(), 5.into()])?;
    assert_eq!(i64::try_from(r)?, 5);
    Ok(())
}

#[test]
fn a_function_belongs_to_its_process() -> Result<()> {
    let (one, two) = (process(), process());
    let add = one.load_library(library())?.find_function("add")?;
    let error = add.call(&two, [1.into(), NULL.into()]).unwrap_err();
    assert!(matches!(error, Error::WrongProcess { .. }), "{error}");
    Ok(())
}

#[test]
fn declared_kernels_can_be_switched_off() -> Result<()> {
    #[veo_core::ve_kernel(lib = "libcoretest.so")]
    fn give_u16(x: u16) -> u16;

    library();
    let proc = VeoProc::builder().kernels(KernelLookup::None).build()?;
    assert!(give_u16(&proc, 1).is_err());
    let proc = VeoProc::builder().kernels(KernelLookup::Lazy).build()?;
    assert_eq!(give_u16(&proc, 1)?, 1);
    let info = veo_core::kernels()
        .find(|kernel| kernel.name == "give_u16")
        .expect("declared above");
    let function = info.function(&proc)?;
    assert_eq!(u16::try_from(function.call(&proc, [7.into()])?)?, 7);
    assert!(function.call(&proc, [70000.into()]).is_err());
    Ok(())
}

#[test]
fn a_wrong_declaration_is_found_out_when_its_library_was_made_elsewhere() -> Result<()> {
    #[veo_core::ve_kernel(lib = "libcoretest.so", name = "give_i32")]
    fn wrong(x: i64) -> i64;

    let proc = process();
    let error = wrong(&proc, 1).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Prototype { .. }), "{text}");
    for part in ["give_i32", "i64", "int32_t", "kernels.c:", "untyped.rs:"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let trusting = VeoProc::builder()
        .prototypes(veo_core::Prototypes::Off)
        .build()?;
    assert_eq!(wrong(&trusting, 5)?, 5);
    let warned = VeoProc::builder()
        .prototypes(veo_core::Prototypes::Warn)
        .build()?;
    assert_eq!(wrong(&warned, 5)?, 5);
    Ok(())
}

/// Two kernels of one name, and one that takes the address of a function.
mod first {
    use veo_core::ve_kernel;

    #[ve_kernel(lib = "libcoretest.so", name = "give_i64")]
    pub fn give(x: i64) -> i64;

    #[ve_kernel(lib = "libcoretest.so")]
    pub fn apply(function: extern "C" fn(i64) -> i64, x: i64) -> i64;

    pub type Function = Option<unsafe extern "C" fn(i64) -> i64>;

    #[ve_kernel(lib = "libcoretest.so", name = "apply")]
    pub fn apply_by_name(function: Function, x: i64) -> i64;
}

mod second {
    #[veo_core::ve_kernel(lib = "libcoretest.so", name = "give_i32")]
    pub fn give(x: i32) -> i32;
}

#[test]
fn the_function_behind_a_stub_is_found_by_its_path() -> Result<()> {
    let proc = process();
    let give = proc.kernel_function("first::give")?;
    assert_eq!(
        (give.name(), give.to_string().as_str()),
        ("give_i64", "int64_t give_i64(int64_t)")
    );
    assert_eq!(i64::try_from(give.call(&proc, [Value::from(-5)])?)?, -5);
    assert_eq!(first::give(&proc, 7)?, 7);
    // As an argument of another kernel.
    assert_eq!(first::apply(&proc, &give, 20)?, 20);
    assert_eq!(first::apply_by_name(&proc, &give, 21)?, 21);
    let whole = format!("{}::second::give", module_path!());
    assert_eq!(proc.kernel_function(&whole)?.name(), "give_i32");
    assert_eq!(second::give(&proc, 7)?, 7);

    let text = |name| proc.kernel_function(name).unwrap_err().to_string();
    let several = text("give");
    assert!(
        several.contains("several")
            && several.contains("untyped::first::give, untyped::second::give"),
        "{several}"
    );
    let misspelt = text("first::aply");
    assert!(
        misspelt.contains("did you mean untyped::first::apply?"),
        "{misspelt}"
    );
    let elsewhere = text("third::apply");
    assert!(
        elsewhere.contains("did you mean untyped::first::apply?"),
        "{elsewhere}"
    );
    // A part of a name is not a name.
    text("ive");
    text("");
    Ok(())
}
