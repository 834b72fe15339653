#[derive(VeOpaque)]
#[ve_opaque(crate = my::veo)]
struct Plan {
    _private: [u8; 0],
}
