//! How the kernel schedules the calling thread.

/// Keeps the calling thread from taking the CPU of the thread that wakes it: whoever
/// hands work over goes on first. Where that is refused, nothing changes.
pub(crate) fn never_preempt() {
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: the parameters are valid for reading; 0 means the calling thread.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &parameters) };
}
