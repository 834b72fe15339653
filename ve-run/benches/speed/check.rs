//! The cost of the check of memory: the interpreter with it against the interpreter without.

use std::hint::black_box;

use ve_isa::check::CheckOptions;
use ve_isa::machine::{DEFAULT_STACK, Machine};

use crate::code::{load, object_of};
use crate::measure::{Times, in_turns};

/// The functions of one source, on a machine as usual and on two that check.
pub struct Checked {
    usual: Machine,
    memory: Machine,
    values: Machine,
}

fn machine(name: &str, bytes: &[u8], check: Option<CheckOptions>) -> Machine {
    let machine = Machine::new().expect("addresses for a machine");
    if let Some(options) = check {
        machine.check(options, None).expect("addresses for a check");
    }
    load(&machine, name, bytes);
    machine
}

impl Checked {
    /// Compiles one of the sources beside this file.
    pub fn of(name: &str) -> Self {
        let bytes = object_of(name);
        let check = |undefined| CheckOptions {
            undefined,
            goes_on: false,
        };
        Self {
            usual: machine(name, &bytes, None),
            memory: machine(name, &bytes, Some(check(false))),
            values: machine(name, &bytes, Some(check(true))),
        }
    }

    /// How many times longer one function takes where memory is checked, and where values are as well.
    pub fn measure(&self, name: &str, word: u64) -> [f64; 2] {
        [&self.memory, &self.values].map(|machine| {
            let (usual, checked) =
                in_turns(call(&self.usual, name, word), call(machine, name, word));
            let times = Times {
                host: usual,
                ve: checked,
                instructions: 0.0,
            };
            times.ratio()
        })
    }
}

fn call(machine: &Machine, name: &str, word: u64) -> impl FnMut() {
    let function = machine.symbol(name).expect(name);
    let mut thread = machine.thread(DEFAULT_STACK).expect("a thread");
    let expected = thread.call(function, &[word]);
    assert!(expected.is_ok(), "{name}: {expected:?}");
    move || {
        assert_eq!(
            thread.call(function, &[black_box(word)]),
            expected,
            "{name}"
        )
    }
}
