//! All checkers at once: orders of requests, the report of races, guarded memory and
//! AddressSanitizer do not interfere with each other.

mod common;

use std::sync::OnceLock;

use veo_core::{
    Cause, Error, Guard, OnStack, Races, Result, Schedule, VeoProc, VeoProcBuilder, ve_kernel,
};
use veo_test_support as _;

use crate::common::TwoContexts;

/// The kernels of `races.rs`, built with AddressSanitizer.
#[ve_kernel(lib = "liborderaddress.so")]
unsafe extern "C" {
    safe fn fill(x: *mut f64, n: i64, value: f64);
    safe fn total(x: *const f64, n: i64) -> f64;
    safe fn copy_to(to: *mut f64, from: *const f64, n: i64);
}

const N: usize = 8;
const LEN: i64 = N as i64;

fn builder() -> VeoProcBuilder {
    static LIBRARY: OnceLock<()> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let flags = ["-O1", "-g", "-fsanitize=address"];
        common::compile("order.c", "liborderaddress.so", &flags);
    });
    VeoProc::builder()
}

fn setting(builder: VeoProcBuilder) -> Result<TwoContexts> {
    TwoContexts::new(builder, N)
}

impl TwoContexts {
    /// A pipeline of three stages on two contexts, with data on the stack of a call; it waits
    /// for the second stage if it is right.
    fn pipeline(&mut self, right: bool) -> Result<f64> {
        let first = self.one.write(&mut self.x, vec![1.5; N])?;
        let second = copy_to(&self.one, &mut self.y, &self.x, LEN)?;
        first.wait()?;
        let mut later = Some(second);
        if right && let Some(second) = later.take() {
            second.wait()?;
        }
        let mut copy = [0.0; N];
        copy_to(&self.two, OnStack::output(&mut copy), &self.y, LEN)?.wait()?;
        if let Some(second) = later {
            second.wait()?;
        }
        let sum = total(&self.two, OnStack::input(&copy), LEN)?.wait()?;
        assert_eq!(sum, copy.iter().sum());
        Ok(sum)
    }
}

const GUARDS: [Guard; 3] = [Guard::Off, Guard::Start, Guard::End];

#[test]
fn right_programs_are_left_alone() -> Result<()> {
    let seeds = (0..2).map(Schedule::Random);
    for schedule in seeds.chain([Schedule::Late]) {
        for guard in GUARDS {
            let builder = builder().schedule(schedule).guard(guard);
            let mut setting = setting(builder.races(Races::Deny))?;
            for _ in 0..3 {
                assert_eq!(setting.pipeline(true)?, 12.0, "{schedule:?}, {guard:?}");
            }
            let TwoContexts { proc, x, y, .. } = setting;
            drop((x, y));
            proc.close()?;
        }
    }
    Ok(())
}

#[test]
fn a_missing_wait_is_found() -> Result<()> {
    for guard in GUARDS {
        let deny = builder().guard(guard).races(Races::Deny);
        let error = setting(deny)?.pipeline(false).unwrap_err();
        let Error::Race { race } = &error else {
            panic!("{error}");
        };
        assert!(race.earlier.contains("copy_to"), "{error}");
        let is_wrong = |seed| -> Result<bool> {
            let schedule = Schedule::Random(seed);
            let builder = builder().guard(guard).schedule(schedule);
            Ok(setting(builder)?.pipeline(false)? != 12.0)
        };
        let mut found = false;
        for seed in 0..100 {
            found = found || is_wrong(seed)?;
        }
        assert!(found, "{guard:?}: no seed below 100 finds it");
    }
    Ok(())
}

/// A kernel that writes one element too many, in memory and on its stack, in any order.
#[test]
fn an_overrun_is_found() -> Result<()> {
    for schedule in [Schedule::Late, Schedule::Random(1), Schedule::Random(2)] {
        for guard in GUARDS {
            for on_stack in [false, true] {
                let builder = builder().schedule(schedule).guard(guard);
                let mut setting = setting(builder.races(Races::Deny))?;
                let line = line!() + 1;
                let mut z = setting.proc.alloc::<f64>(N)?;
                let mut place = [0.0; N];
                let before = fill(&setting.two, &mut setting.y, LEN, 1.0)?;
                let wrong = if on_stack {
                    fill(&setting.one, OnStack::inout(&mut place), LEN + 1, 2.0)?
                } else {
                    fill(&setting.one, &mut z, LEN + 1, 2.0)?
                };
                let error = wrong.wait().unwrap_err();
                drop(before);
                let said = error.to_string();
                let fault = error.fault().unwrap_or_else(|| panic!("{said}"));
                assert_eq!(fault.kernel.as_deref(), Some("fill"), "{said}");
                // AddressSanitizer does not report memory that the guard has closed.
                let is_closed = guard == Guard::End && !on_stack;
                let cause = if is_closed {
                    Cause::Signal
                } else {
                    Cause::Sanitizer
                };
                assert_eq!(fault.cause, cause, "{guard:?}: {said}");
                let name = if on_stack {
                    "just past the 64 bytes on the stack for argument 0".to_owned()
                } else {
                    format!("just past the 8 f64 allocated at {}:{line}", file!())
                };
                assert!(said.contains(&name), "{name:?} is missing in {said}");
            }
        }
    }
    Ok(())
}
