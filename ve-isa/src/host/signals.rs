//! `signal.h`: handlers, and signals that the program sends to itself.
//!
//! A fault is a trap and no signal: no handler sees it.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::arrived::{self, BLOCKED, DEFAULT, HARMLESS, IGNORE, blocked, has_come, own};
use super::call::{
    Outcome, Table, fail, int, load, result, result_int, set_errno, store, timespec, word, write,
};
use super::heap;
use super::memory::fill;
use crate::process::SignalAction;
use crate::thread::{Failure, Thread};
use crate::trap::TrapKind;

pub(super) const TABLE: Table = &[
    ("signal", |thread| {
        let action = SignalAction {
            handler: word(thread, 1),
            flags: libc::SA_RESTART as u32,
            ..SignalAction::default()
        };
        match set(thread, int(thread, 0), Some(action)) {
            Some(before) => result(thread, before.handler),
            None => {
                set_errno(thread, libc::EINVAL);
                result(thread, u64::MAX)
            }
        }
    }),
    ("raise", |thread| {
        let number = int(thread, 0);
        raise(thread, number)
    }),
    ("kill", |thread| {
        let (process, number) = (int(thread, 0), int(thread, 1));
        if process != std::process::id() as i32 {
            set_errno(thread, libc::EPERM);
            return result_int(thread, -1);
        }
        let blocked = load::<8>(thread.window(), own(thread, BLOCKED))? & bit(number);
        if blocked == 0 {
            return raise(thread, number);
        }
        // Another thread may wait for it.
        let waiting = thread.process().waiting_signals();
        waiting.fetch_or(blocked, Ordering::Relaxed);
        result_int(thread, 0)
    }),
    ("pthread_kill", |thread| {
        let (receiver, number) = (word(thread, 0), int(thread, 1));
        if !(0..=64).contains(&number) {
            return result_int(thread, libc::EINVAL);
        }
        if receiver == thread.number() {
            return raise(thread, number);
        }
        let send = || {
            if let Some(index) = number.checked_sub(1).filter(|index| *index >= 0) {
                let sent = &thread.process().sent_signals;
                sent.send(receiver, 1 << index);
            }
        };
        let is_known = thread.members().while_running(receiver, send);
        result_int(thread, if is_known { 0 } else { libc::ESRCH })
    }),
    ("sigaction", |thread| {
        let (number, new, old) = (int(thread, 0), word(thread, 1), word(thread, 2));
        let action = match new {
            0 => None,
            new => {
                let field = |offset| load::<8>(thread.window(), new.wrapping_add(offset));
                Some(SignalAction {
                    handler: field(0)?,
                    mask: field(MASK)? & !NEVER_BLOCKED,
                    flags: load::<4>(thread.window(), new.wrapping_add(FLAGS))? as u32,
                })
            }
        };
        let Some(before) = set(thread, number, action) else {
            set_errno(thread, libc::EINVAL);
            return result_int(thread, -1);
        };
        if old != 0 {
            let window = thread.window();
            fill(window, old, 0, ACTION)?;
            store::<8>(window, old, before.handler)?;
            store::<8>(window, old.wrapping_add(MASK), before.mask)?;
            store::<4>(window, old.wrapping_add(FLAGS), before.flags.into())?;
        }
        result_int(thread, 0)
    }),
    ("sigemptyset", |thread| {
        fill(thread.window(), word(thread, 0), 0, SET)?;
        result_int(thread, 0)
    }),
    ("sigfillset", |thread| {
        fill(thread.window(), word(thread, 0), 0xff, SET)?;
        result_int(thread, 0)
    }),
    ("sigaddset", |thread| change(thread, |word, bit| word | bit)),
    ("sigdelset", |thread| {
        change(thread, |word, bit| word & !bit)
    }),
    ("sigismember", |thread| {
        let Some((place, bit)) = member(thread) else {
            set_errno(thread, libc::EINVAL);
            return result_int(thread, -1);
        };
        let inside = load::<8>(thread.window(), place)? & bit != 0;
        result_int(thread, inside.into())
    }),
    ("sigprocmask", |thread| match change_blocked(thread)? {
        0 => result_int(thread, 0),
        error => {
            set_errno(thread, error);
            result_int(thread, -1)
        }
    }),
    ("pthread_sigmask", |thread| {
        let error = change_blocked(thread)?;
        result_int(thread, error)
    }),
    ("sigpending", |thread| {
        let place = word(thread, 0);
        fill(thread.window(), place, 0, SET)?;
        let waiting = waiting(thread)?;
        store::<8>(thread.window(), place, waiting)?;
        result_int(thread, 0)
    }),
    ("sigsuspend", |thread| {
        let set = load::<8>(thread.window(), word(thread, 0))?;
        suspend(thread, set)
    }),
    ("pause", |thread| {
        let set = blocked(thread)?;
        suspend(thread, set)
    }),
    ("sigwaitinfo", |thread| wait_for_facts(thread, None)),
    ("sigtimedwait", |thread| {
        let limit = match word(thread, 2) {
            0 => None,
            place => match timespec(thread, place)? {
                Some(limit) => Some(limit),
                None => return fail(thread, libc::EINVAL),
            },
        };
        wait_for_facts(thread, limit)
    }),
    ("sigisemptyset", |thread| {
        let set = words_of(thread, 0)?;
        result_int(thread, (set == [0; WORDS]).into())
    }),
    ("sigorset", |thread| {
        combine(thread, |left, right| left | right)
    }),
    ("sigandset", |thread| {
        combine(thread, |left, right| left & right)
    }),
    ("siginterrupt", |thread| {
        let (number, wanted) = (int(thread, 0), int(thread, 1) != 0);
        let Some(mut action) = set(thread, number, None) else {
            return fail(thread, libc::EINVAL);
        };
        let flag = libc::SA_RESTART as u32;
        action.flags = if wanted {
            action.flags & !flag
        } else {
            action.flags | flag
        };
        set(thread, number, Some(action));
        result_int(thread, 0)
    }),
    // Handlers use the stack of the thread.
    ("sigaltstack", |thread| {
        let place = word(thread, 1);
        if place != 0 {
            let window = thread.window();
            fill(window, place, 0, 24)?;
            store::<4>(window, place.wrapping_add(8), libc::SS_DISABLE as u64)?;
        }
        result_int(thread, 0)
    }),
    ("__libc_current_sigrtmin", |thread| result_int(thread, 34)),
    ("__libc_current_sigrtmax", |thread| result_int(thread, 64)),
    ("sigwait", |thread| {
        let (set, place) = (
            load::<8>(thread.window(), word(thread, 0))?,
            word(thread, 1),
        );
        thread.flush_output();
        loop {
            if let Some(number) = take_waiting(thread, set)? {
                store::<4>(thread.window(), place, number as u64)?;
                return result_int(thread, 0);
            }
            thread.poll()?;
            std::thread::sleep(LOOK);
        }
    }),
];

/// Words of a set of signals.
const WORDS: usize = SET as usize / 8;

/// The set that an argument points to.
fn words_of(thread: &Thread, number: usize) -> Result<[u64; WORDS], Failure> {
    let mut words = [0; WORDS];
    for (index, place) in words.iter_mut().enumerate() {
        let at = word(thread, number).wrapping_add(8 * index as u64);
        *place = load::<8>(thread.window(), at)?;
    }
    Ok(words)
}

/// Makes a set of two others.
fn combine(thread: &mut Thread, how: fn(u64, u64) -> u64) -> Outcome {
    let (left, right) = (words_of(thread, 1)?, words_of(thread, 2)?);
    for (index, (left, right)) in left.into_iter().zip(right).enumerate() {
        let at = word(thread, 0).wrapping_add(8 * index as u64);
        store::<8>(thread.window(), at, how(left, right))?;
    }
    result_int(thread, 0)
}

/// Waits for one of these signals, for ever or not, and tells what is known of it.
fn wait_for_facts(thread: &mut Thread, limit: Option<Duration>) -> Outcome {
    let (set, place) = (
        load::<8>(thread.window(), word(thread, 0))?,
        word(thread, 1),
    );
    thread.flush_output();
    let begin = Instant::now();
    loop {
        if let Some(number) = take_waiting(thread, set)? {
            if place != 0 {
                write(thread.window(), place, &facts(number))?;
            }
            return result_int(thread, number);
        }
        thread.poll()?;
        if limit.is_some_and(|limit| begin.elapsed() >= limit) {
            return fail(thread, libc::EAGAIN);
        }
        if has_come(thread)? {
            return fail(thread, libc::EINTR);
        }
        std::thread::sleep(LOOK);
    }
}

/// A `siginfo_t` of a signal that this program has sent.
fn facts(number: i32) -> [u8; INFO] {
    let mut info = [0; INFO];
    info[..4].copy_from_slice(&number.to_le_bytes());
    info[16..20].copy_from_slice(&std::process::id().to_le_bytes());
    info
}

/// Does something while the thread blocks the signals in the set at an address, if there is one. A signal that has come and is not in the
/// set ends that.
pub(super) fn with_blocked(
    thread: &mut Thread,
    set: u64,
    act: impl FnOnce(&mut Thread) -> Outcome,
) -> Outcome {
    if set == 0 {
        return act(thread);
    }
    let set = load::<8>(thread.window(), set)? & !NEVER_BLOCKED;
    let before = blocked(thread)?;
    store::<8>(thread.window(), own(thread, BLOCKED), set)?;
    if let Some(number) = take_waiting(thread, !set)? {
        raise(thread, number)?;
        set_blocked(thread, before)?;
        return fail(thread, libc::EINTR);
    }
    act(thread)?;
    let done = word(thread, 0);
    set_blocked(thread, before)?;
    result(thread, done)
}

/// Lets the program have what other threads have sent to this one.
pub(crate) fn take_signals(thread: &mut Thread) -> Outcome {
    if thread.process().sent_signals.peek(thread.number()) == 0 {
        return Ok(());
    }
    let errno = load::<4>(thread.window(), thread.private().start)?;
    deliver(thread)?;
    set_errno(thread, errno as i32);
    Ok(())
}

/// Calls the handlers of signals that have interrupted the thread, if a call of the system goes on after all of them. The result says whether
/// it does; if not, they are called when the function is over.
pub(super) fn restart(thread: &mut Thread) -> Result<bool, Failure> {
    if !arrived::lets_restart(thread)? {
        return Ok(false);
    }
    take_signals(thread)?;
    Ok(true)
}

/// How long a thread waits for a signal before it looks again.
const LOOK: Duration = Duration::from_millis(2);

/// Bytes of a `struct sigaction`, where its fields are, and bytes of a set of signals.
const ACTION: u64 = 152;
const MASK: u64 = 8;
const FLAGS: u64 = 136;
const SET: u64 = 128;

/// Sets what is done with a signal, or only looks; the result is what was before, or nothing if there is no such signal.
fn set(thread: &Thread, number: i32, action: Option<SignalAction>) -> Option<SignalAction> {
    let caught = ![libc::SIGKILL, libc::SIGSTOP].contains(&number);
    let mut actions = thread.process().signal_actions();
    let place = actions.get_mut(usize::try_from(number).ok().filter(|n| *n > 0)?)?;
    let before = *place;
    if let Some(action) = action {
        if !caught {
            return None;
        }
        *place = action;
        if number == libc::SIGPIPE {
            let_pipes_fail(action.handler != DEFAULT);
        }
    }
    Some(before)
}

/// Whether writing to a pipe that nobody reads is an error, as the program wants it, where it would end the process otherwise. This
/// changes only the system's default; a host that has set the signal otherwise keeps its setting.
fn let_pipes_fail(wanted: bool) {
    static DONE: AtomicBool = AtomicBool::new(false);
    let (from, to) = if wanted {
        (libc::SIG_DFL, libc::SIG_IGN)
    } else {
        (libc::SIG_IGN, libc::SIG_DFL)
    };
    if !wanted && !DONE.swap(false, Ordering::Relaxed) {
        return;
    }
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: the place has room for an action; a null pointer asks for no change. Where the call succeeds it has filled the place.
    // Doing nothing and doing what the system does are actions of every signal.
    unsafe {
        let asked = libc::sigaction(libc::SIGPIPE, std::ptr::null(), action.as_mut_ptr()) == 0;
        if asked && action.assume_init().sa_sigaction == from {
            libc::signal(libc::SIGPIPE, to);
            DONE.store(wanted, Ordering::Relaxed);
        }
    }
}

/// Sends a signal to the program.
pub(super) fn raise(thread: &mut Thread, number: i32) -> Outcome {
    if number == 0 {
        return result_int(thread, 0);
    }
    let Some(action) = set(thread, number, None) else {
        set_errno(thread, libc::EINVAL);
        return result_int(thread, -1);
    };
    if !is_put_off(thread, number)? {
        arrive(thread, number, action)?;
        deliver(thread)?;
    }
    result_int(thread, 0)
}

/// Lets the program have all signals that have come and that the thread does not block.
///
/// A handler may send signals which wait for its end. They arrive here, one after the other, however many follow: the host's own stack is
/// as deep as before.
fn deliver(thread: &mut Thread) -> Outcome {
    while let Some(number) = take_waiting(thread, !blocked(thread)?)? {
        thread.poll()?;
        if let Some(action) = set(thread, number, None) {
            arrive(thread, number, action)?;
        }
    }
    Ok(())
}

/// Does what the program wants done with a signal that it does not block.
fn arrive(thread: &mut Thread, number: i32, action: SignalAction) -> Outcome {
    let stops = [libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
    match action.handler {
        IGNORE => {}
        DEFAULT if HARMLESS.contains(&number) => {}
        DEFAULT if number == libc::SIGABRT => return Err(TrapKind::Abort.into()),
        DEFAULT if stops.contains(&number) => {
            return Err(Failure::Why("nobody could continue the program".into()));
        }
        DEFAULT => return Err(TrapKind::Raised { signal: number }.into()),
        _ => handle(thread, number, action)?,
    }
    Ok(())
}

/// Calls the handler of a signal. Signals that it blocks meanwhile stay blocked if it leaves by a jump.
fn handle(thread: &mut Thread, number: i32, action: SignalAction) -> Outcome {
    let is_asked = |flag: i32| action.flags & flag as u32 != 0;
    if is_asked(libc::SA_RESETHAND) {
        set(thread, number, Some(SignalAction::default()));
    }
    let before = blocked(thread)?;
    let own_bit = if is_asked(libc::SA_NODEFER) {
        0
    } else {
        bit(number)
    };
    store::<8>(
        thread.window(),
        own(thread, BLOCKED),
        before | action.mask | own_bit,
    )?;
    if is_asked(libc::SA_SIGINFO) {
        let info = facts(number);
        let place = heap::allocate(thread, INFO as u64);
        if place == 0 {
            return Err(Failure::Why("has no memory to describe a signal".into()));
        }
        write(thread.window(), place, &info)?;
        let called = thread.call_back(action.handler, &[number as u64, place, 0]);
        heap::free(thread, place)?;
        called?;
    } else {
        thread.call_back(action.handler, &[number as u64])?;
    }
    store::<8>(thread.window(), own(thread, BLOCKED), before)
}

/// Bytes of a `siginfo_t`.
const INFO: usize = 128;

/// The word of a set that has a signal, and its bit there.
fn member(thread: &Thread) -> Option<(u64, u64)> {
    let index = u64::try_from(int(thread, 1)).ok()?.checked_sub(1)?;
    let place = word(thread, 0).wrapping_add(index / 64 * 8);
    (index < 64).then(|| (place, 1 << index))
}

fn change(thread: &mut Thread, how: fn(u64, u64) -> u64) -> Outcome {
    let Some((place, bit)) = member(thread) else {
        set_errno(thread, libc::EINVAL);
        return result_int(thread, -1);
    };
    let word = load::<8>(thread.window(), place)?;
    store::<8>(thread.window(), place, how(word, bit))?;
    result_int(thread, 0)
}

/// Where the thread's own memory has the signals that have come while it blocks them: a bit for each.
const WAITING: u64 = 552;

/// The signals that nobody can block.
const NEVER_BLOCKED: u64 = 1 << (libc::SIGKILL - 1) | 1 << (libc::SIGSTOP - 1);

/// Lets a thread that begins block what its creator blocks. Nothing waits there.
pub(super) fn inherit(creator: &Thread, new: &Thread) -> Outcome {
    let blocked = load::<8>(creator.window(), own(creator, BLOCKED))?;
    store::<8>(new.window(), own(new, BLOCKED), blocked)
}

/// The bit of a signal in a set, if it can be blocked.
fn bit(number: i32) -> u64 {
    let index = u32::try_from(number).ok().and_then(|it| it.checked_sub(1));
    let bit = index
        .and_then(|index| 1_u64.checked_shl(index))
        .unwrap_or(0);
    bit & !NEVER_BLOCKED
}

/// Notes a signal that the thread blocks. The result is `false` if it does not.
fn is_put_off(thread: &mut Thread, number: i32) -> Result<bool, Failure> {
    let blocked = load::<8>(thread.window(), own(thread, BLOCKED))? & bit(number);
    if blocked == 0 {
        return Ok(false);
    }
    let waiting = load::<8>(thread.window(), own(thread, WAITING))?;
    store::<8>(thread.window(), own(thread, WAITING), waiting | blocked)?;
    Ok(true)
}

/// Lets a signal come through, blocked or not.
pub(super) fn unblock(thread: &mut Thread, number: i32) -> Outcome {
    let blocked = load::<8>(thread.window(), own(thread, BLOCKED))?;
    store::<8>(
        thread.window(),
        own(thread, BLOCKED),
        blocked & !bit(number),
    )
}

/// The signals that have come and are blocked.
fn waiting(thread: &Thread) -> Result<u64, Failure> {
    let of_thread = load::<8>(thread.window(), own(thread, WAITING))?;
    let sent = thread.process().sent_signals.peek(thread.number());
    Ok(of_thread | sent | thread.process().waiting_signals().load(Ordering::Relaxed))
}

/// Takes the first of these signals that has come.
fn take_waiting(thread: &Thread, set: u64) -> Result<Option<i32>, Failure> {
    let place = own(thread, WAITING);
    let of_thread = load::<8>(thread.window(), place)?;
    let all = thread.process().waiting_signals();
    let sent = &thread.process().sent_signals;
    loop {
        let sent_here = sent.peek(thread.number());
        let come = set & (of_thread | sent_here | all.load(Ordering::Relaxed));
        if come == 0 {
            return Ok(None);
        }
        let first = 1 << come.trailing_zeros();
        if of_thread & first != 0 {
            store::<8>(thread.window(), place, of_thread & !first)?;
        } else if sent_here & first != 0 {
            sent.take(thread.number(), first);
        } else if all.fetch_and(!first, Ordering::Relaxed) & first == 0 {
            // Another thread was quicker.
            continue;
        }
        return Ok(Some(come.trailing_zeros() as i32 + 1));
    }
}

/// Lets the thread block these. Signals that have come and are no longer blocked arrive now.
pub(super) fn set_blocked(thread: &mut Thread, set: u64) -> Outcome {
    store::<8>(thread.window(), own(thread, BLOCKED), set & !NEVER_BLOCKED)?;
    deliver(thread)
}

/// Waits for a signal that a handler sees, while these are blocked.
fn suspend(thread: &mut Thread, set: u64) -> Outcome {
    let before = blocked(thread)?;
    let set = set & !NEVER_BLOCKED;
    thread.flush_output();
    store::<8>(thread.window(), own(thread, BLOCKED), set)?;
    loop {
        if let Some(number) = take_waiting(thread, !set)? {
            let is_handled = self::set(thread, number, None)
                .is_some_and(|action| ![DEFAULT, IGNORE].contains(&action.handler));
            raise(thread, number)?;
            if is_handled {
                break;
            }
        }
        thread.poll()?;
        std::thread::sleep(LOOK);
    }
    set_blocked(thread, before)?;
    set_errno(thread, libc::EINTR);
    result_int(thread, -1)
}

/// Changes what the thread blocks. The result is an error's number or 0.
fn change_blocked(thread: &mut Thread) -> Result<i32, Failure> {
    let (how, new, old) = (int(thread, 0), word(thread, 1), word(thread, 2));
    let before = blocked(thread)?;
    let mut after = before;
    if new != 0 {
        let set = load::<8>(thread.window(), new)?;
        after = match how {
            libc::SIG_BLOCK => before | set,
            libc::SIG_UNBLOCK => before & !set,
            libc::SIG_SETMASK => set,
            _ => return Ok(libc::EINVAL),
        };
    }
    if old != 0 {
        fill(thread.window(), old, 0, SET)?;
        store::<8>(thread.window(), old, before)?;
    }
    set_blocked(thread, after)?;
    Ok(0)
}
