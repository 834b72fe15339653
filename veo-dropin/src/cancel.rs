//! Chooses the functions in which a cancelled thread must not end.

/// Functions that are called so often that the protection would cost time. They have no
/// cancellation point: they look at memory and sleep on a futex. The emulator protects their
/// rare paths itself.
const WITHOUT_POINTS: &[&str] = &[
    "veo_call_async",
    "veo_call_peek_result",
    "veo_call_wait_result",
    "veo_emu_call_async",
    "veo_emu_collect",
    "veo_emu_get_times",
];

/// Whether the function with this name protects its thread from cancellation.
pub(crate) const fn has_points(name: &str) -> bool {
    if begins(name.as_bytes(), b"veo_args_") {
        return false;
    }
    let mut at = 0;
    while at < WITHOUT_POINTS.len() {
        let other = WITHOUT_POINTS[at].as_bytes();
        if name.len() == other.len() && begins(name.as_bytes(), other) {
            return false;
        }
        at += 1;
    }
    true
}

const fn begins(name: &[u8], with: &[u8]) -> bool {
    let mut at = 0;
    while at < with.len() {
        if at >= name.len() || name[at] != with[at] {
            return false;
        }
        at += 1;
    }
    true
}
