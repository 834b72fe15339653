use veo_core::{Result, VeoProc, ve_kernel};

// Compared with the library's debug information while this is compiled: change a type and see.
#[ve_kernel(lib = "libkernels.so", requires(n >= 0, x.len() >= n))]
fn scale(n: i64, factor: f64, x: *mut f64) -> f64;

fn scaled(values: &[f64], factor: f64) -> Result<(f64, Vec<f64>)> {
    let proc = VeoProc::new(0)?; // a process on VE node 0
    let ctx = proc.open_context()?; // a queue of requests
    let mut x = proc.upload(values)?; // memory on the VE
    let request = scale(&ctx, values.len() as i64, factor, &mut x)?; // queued; the host goes on
    let sum = request.wait()?;
    Ok((sum, x.to_vec()?))
}

fn main() -> Result<()> {
    let (sum, values) = scaled(&[1.0, 2.0, 3.0], 10.0)?;
    println!("{values:?}, in all {sum}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_computes_what_the_host_does() -> Result<()> {
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let (sum, scaled) = scaled(&values, 0.5)?;
        let expected: Vec<f64> = values.iter().map(|x| x * 0.5).collect();
        assert_eq!(scaled, expected);
        assert_eq!(sum, expected.iter().sum::<f64>());
        Ok(())
    }
}
