use veo_core::{VeData, VeoProc, ve_kernel};

#[derive(VeData)]
#[repr(u32)]
enum Kind {
    Line,
    Circle,
}

#[ve_kernel(lib = "libk.so")]
fn draw(kind: &Kind);

fn call(proc: &VeoProc) {
    let _ = draw(proc, &Kind::Line);
    let _ = draw(proc, &Kind::Circle);
}

fn main() {}
