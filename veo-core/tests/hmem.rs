//! Tagged pointers as arguments: kernels of libraries that ask for tags get them, all
//! others an address that they can use as it is.

mod common;

use std::ffi::c_void;
use std::sync::OnceLock;

use veo_core::{Error, OnStack, Races, Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn peek_at(address: *const i64) -> i64;
}

#[ve_kernel(lib = "libcoreasking.so")]
unsafe extern "C" {
    safe fn has_tag(address: *const i64) -> i64;
    safe fn tag_of(address: *const i64) -> i64;
    safe fn first_behind_tag(address: *mut i64, beside: *const i64) -> i64;
    safe fn first_with_tag(address: *const i64) -> i64;
    safe fn has_tag_untyped(address: *const c_void) -> i64;
    safe fn first_untyped(address: *mut c_void) -> i64;
}

fn process() -> VeoProc {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        common::compile("asking.c", "libcoreasking.so", &["-O1", "-g"]);
    });
    common::process()
}

#[test]
fn the_library_of_a_kernel_decides() -> Result<()> {
    // One of two has another identifier than 0.
    let (one, two) = (process(), process());
    let proc = if one.identifier()? > 0 { one } else { two };
    let ctx = proc.open_context()?;
    let buffer = proc.upload(&[77i64, 78])?;
    let tagged = buffer.as_ptr().to_hmem()?;
    for _ in 0..2 {
        assert_eq!(peek_at(&proc, tagged)?, 77);
        assert_eq!(has_tag(&proc, tagged)?, 1);
        assert_eq!(peek_at(&ctx, tagged)?.wait()?, 77);
        assert_eq!(
            tag_of(&ctx, tagged)?.wait()?,
            i64::from(tagged.identifier())
        );
        assert_eq!(has_tag(&proc, &buffer)?, 0, "a plain pointer stays one");
    }
    assert!(tagged.identifier() > 0);
    // With data on the stack the call takes another way.
    let sum = first_behind_tag(&proc, tagged, OnStack::input(&[5]))?;
    assert_eq!(sum, 82);
    assert_eq!(first_behind_tag(&ctx, tagged, &buffer)?.wait()?, 154);
    Ok(())
}

#[test]
fn untyped_parameters_take_tagged_pointers() -> Result<()> {
    let proc = process();
    let buffer = proc.upload(&[79i64])?;
    let tagged = buffer.as_ptr().to_hmem()?;
    assert_eq!(has_tag_untyped(&proc, tagged)?, 1);
    assert_eq!(first_untyped(&proc, tagged)?, 79);
    Ok(())
}

#[test]
fn races_are_seen_through_tagged_pointers() -> Result<()> {
    process();
    let proc = VeoProc::builder().races(Races::Deny).build()?;
    let (one, two) = (proc.open_context()?, proc.open_context()?);
    let mut buffer = proc.upload(&[80i64])?;
    let written = one.write(&mut buffer, vec![81])?;
    let error = has_tag(&two, buffer.as_ptr().to_hmem()?).unwrap_err();
    assert!(matches!(error, Error::Race { .. }), "{error}");
    written.wait()?;
    assert_eq!(has_tag(&two, buffer.as_ptr().to_hmem()?)?.wait()?, 1);
    Ok(())
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_kernel_that_asks_and_uses_the_tagged_address_is_told_how() -> Result<()> {
    let proc = process();
    let buffer = proc.upload(&[1i64])?;
    let error = first_with_tag(&proc, buffer.as_ptr().to_hmem()?).unwrap_err();
    let text = error.to_string();
    for part in ["first_with_tag", "SIGSEGV", "veo_get_hmem_addr"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    Ok(())
}
