//! In which functions threads that a program cancels are kept from ending.

/// What is called so often that it matters, and has no point where a thread would end: it
/// looks at memory and sleeps on a futex. What it does once the emulator looks after.
const WITHOUT_POINTS: &[&str] = &[
    "veo_call_async",
    "veo_call_peek_result",
    "veo_call_wait_result",
    "veo_emu_call_async",
    "veo_emu_collect",
];

/// Whether threads are kept from ending in the function of this name.
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
