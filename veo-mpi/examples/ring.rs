//! Numbers go once around all ranks, from VE memory to VE memory, and each rank adds up what comes by:
//!
//! ```sh
//! cargo build -p veo-mpi --features mpi --example ring
//! mpirun -n 4 target/debug/examples/ring
//! ```

use ve_kernels::basics::axpy;
use veo_mpi::VeComm;

const LEN: usize = 1000;

fn main() -> veo_mpi::Result<()> {
    veo_mpi::run(|job| {
        let ctx = job.proc().open_context()?;
        let comm = VeComm::new(job.world(), job.proc())?;
        let next = (job.rank() + 1) % job.size();
        let last = (job.rank() + job.size() - 1) % job.size();
        let mut here = job.proc().upload(&[f64::from(job.rank()); LEN])?;
        let mut coming = job.proc().alloc::<f64>(LEN)?;
        let mut sum = job.proc().zeros::<f64>(LEN)?;
        for _ in 0..job.size() {
            axpy(&ctx, LEN as i64, 1.0, &here, &mut sum)?.wait()?;
            comm.sendrecv(&ctx, &here, next, 0, &mut coming, last, 0)?;
            std::mem::swap(&mut here, &mut coming);
        }
        let expected = f64::from(job.size() * (job.size() - 1) / 2);
        if sum.to_vec()? != [expected; LEN] {
            return Err("a number was lost on the way".into());
        }
        println!(
            "rank {} of {}: the sum is {expected}",
            job.rank(),
            job.size()
        );
        Ok(())
    })
}
