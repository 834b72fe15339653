use veo_core::VeOpaque;

#[derive(VeOpaque)]
struct Handle<T>(T);

fn main() {}
