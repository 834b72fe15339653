//! `VeoProc`.

use veo_core::{Error, Result, Value, VeoCtxt, VeoProc};

use super::{function, start, ve_build};

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
