//! A wait is missing between two contexts: the program works by luck. With an order drawn from a seed
//! it fails, and the report of races names the two requests. The variables `VEO_EMU_SCHEDULE=late`
//! (or `random:7`) and `VEO_EMU_RACES=deny` do the same for any program, without a change.

use ve_kernels::basics::sum;
use veo_core::{Backend, Races, Result, Schedule, VeoProc, VeoProcBuilder, nodes};

/// Loads values in one context and sums them in another.
fn total(builder: VeoProcBuilder, waits: bool) -> Result<f64> {
    let proc = builder.build()?;
    let (load, compute) = (proc.open_context()?, proc.open_context()?);
    let mut x = proc.zeros::<f64>(4)?;
    let loaded = load.write(&mut x, vec![1.0, 2.0, 3.0, 4.0])?;
    if waits {
        loaded.wait()?;
    }
    sum(&compute, &x, 4)?.wait()
}

fn main() -> Result<()> {
    // The emulated node can start requests in other orders.
    if nodes()?[0].backend == Backend::Emu {
        for seed in 0..100 {
            let schedule = Schedule::Random(seed);
            let sum = total(VeoProc::builder().schedule(schedule), false)?;
            if sum != 10.0 {
                println!("seed {seed} sums {sum}: a wait is missing");
                break;
            }
        }
    }
    match total(VeoProc::builder().races(Races::Deny), false) {
        Err(error) => println!("{error}"),
        Ok(sum) => println!("this cannot be: {sum}"),
    }
    println!("{}", total(VeoProc::builder().races(Races::Deny), true)?);
    Ok(())
}
