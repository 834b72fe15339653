//! Programs without `unsafe` that try to pass as plain data what is none, in `unsound`. It
//! does not matter what the compiler says of them, only that it refuses them.

mod wrong;

use veo_test_support as _;

#[test]
fn types_that_are_no_plain_data_never_pass_as_such() {
    assert!(wrong::cases_in("unsound").len() >= 10);
    wrong::refused("unsound", "the_programs", &[]);
}

#[test]
#[ignore = "run by the other one"]
fn the_programs() {
    wrong::compile("unsound");
}
