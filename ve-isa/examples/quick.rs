fn main() {
    use ve_isa::{image::Input, machine::{Machine, Unresolved}};
    let args: Vec<String> = std::env::args().collect();
    let bytes = std::fs::read(&args[1]).unwrap();
    let m = Machine::new().unwrap();
    m.load(&[Input { name: "k", bytes: &bytes }], Unresolved::Error).unwrap();
    let mut t = m.thread(1 << 20).unwrap();
    for call in args[2..].chunks(2) {
        let f = m.symbol(&call[0]).unwrap();
        let n: u64 = call[1].parse().unwrap();
        let mut best = f64::MAX; let mut r = 0;
        for _ in 0..3 { let b = std::time::Instant::now(); r = t.call(f, &[n]).unwrap(); best = best.min(b.elapsed().as_secs_f64()); }
        println!("{} {} {:.4}", call[0], r, best);
    }
}
