//! Images are unloaded.

use crate::library::*;
use crate::{call, constant, jump, load};
use ve_isa::image::ImageError;
use ve_isa::machine::Machine;
use ve_isa::trap::TrapKind;

#[test]
fn an_image_in_use_cannot_be_unloaded() {
    let mut user = Library::default();
    let seven = user.undefined("seven", GLOBAL);
    let slot = user.slot(JUMP_SLOT, seven, 0);
    jump(&mut user, "call_seven", slot);
    let machine = Machine::new().unwrap();
    let files = [("seven.so", &constant("seven", 7)), ("user.so", &user)];
    let ids = load(&machine, &files);
    let mut thread = machine.thread(1 << 20).unwrap();
    let function = machine.symbol("call_seven").unwrap();
    let error = machine.unload(&ids[..1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "seven.so cannot be unloaded, since user.so uses it; unload that first or together"
    );
    assert_eq!(call(&mut thread, function), 7);
    machine.unload(&ids).unwrap();
    assert_eq!(machine.symbol("call_seven"), None);
    assert_eq!(machine.symbol("seven"), None);
    assert_eq!(machine.describe(function), None);
    let trap = thread.call(function, &[]).unwrap_err();
    assert_eq!(trap.kind, TrapKind::OutsideCode { target: function });
    assert!(machine.window().load::<8>(function).is_err());
    let again = machine.unload(&ids).unwrap_err();
    assert!(matches!(again, ImageError::Unknown));
}

#[test]
fn memory_is_used_again_with_other_code() {
    let machine = Machine::new().unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    let mut before = None;
    for number in 0..200 {
        let ids = load(&machine, &[("f.so", &constant("f", number))]);
        let function = machine.symbol("f").unwrap();
        assert_eq!(*before.get_or_insert(function), function);
        assert_eq!(call(&mut thread, function), number);
        machine.unload(&ids).unwrap();
    }
}

#[test]
fn the_next_definition_counts_when_the_first_is_gone() {
    let machine = Machine::new().unwrap();
    let first = load(&machine, &[("1.so", &constant("f", 1))]);
    load(&machine, &[("2.so", &constant("f", 2))]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let f = machine.symbol("f").unwrap();
    assert_eq!(call(&mut thread, f), 1);
    machine.unload(&first).unwrap();
    let f = machine.symbol("f").unwrap();
    assert_eq!(call(&mut thread, f), 2);
}
