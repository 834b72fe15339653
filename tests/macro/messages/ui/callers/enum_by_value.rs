use veo_core::{VeoProc, ve_kernel};

#[repr(C)]
enum Order {
    Row,
    Column,
}

#[ve_kernel(lib = "libk.so")]
fn sort(order: Order) -> i32;

fn call(proc: &VeoProc) -> veo_core::Result<i32> {
    sort(proc, Order::Row)
}

fn main() {}
