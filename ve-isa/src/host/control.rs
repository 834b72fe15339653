//! How a program ends, and what it does then; assertions; thread-local memory; functions that run once in C++.

use super::call::{
    Outcome, Table, bad_pointer, int, load, nothing, result, result_int, store, text, word,
};
use crate::process::ExitFunction;
use crate::thread::{Failure, Thread};
use crate::trap::TrapKind;

pub(super) const TABLE: Table = &[
    ("abort", |thread| {
        // A handler may see it, and may leave by a jump.
        super::signals::unblock(thread, libc::SIGABRT)?;
        super::signals::raise(thread, libc::SIGABRT)?;
        Err(TrapKind::Abort.into())
    }),
    ("exit", |thread| {
        let code = int(thread, 0);
        leave_program(thread, code)
    }),
    ("_exit", exit_at_once),
    ("system", |thread| {
        // There is nobody who could run a command.
        let command = word(thread, 0);
        if command == 0 {
            return result_int(thread, 0);
        }
        text(thread.window(), command)?;
        super::call::set_errno(thread, libc::ENOSYS);
        result_int(thread, -1)
    }),
    ("_Exit", exit_at_once),
    ("quick_exit", |thread| {
        let code = int(thread, 0);
        while let Some(function) = thread.process().exits.take_quick() {
            thread.call_back(function, &[])?;
        }
        end_at_once(thread, code)
    }),
    ("atexit", |thread| {
        let exit = ExitFunction {
            function: word(thread, 0),
            ..ExitFunction::default()
        };
        register(thread, exit)
    }),
    ("at_quick_exit", |thread| {
        let function = word(thread, 0);
        thread.process().exits.add_quick(function);
        result_int(thread, 0)
    }),
    ("on_exit", |thread| {
        let exit = ExitFunction {
            function: word(thread, 0),
            argument: word(thread, 1),
            takes_code: true,
            ..ExitFunction::default()
        };
        register(thread, exit)
    }),
    ("__cxa_atexit", |thread| register_of_image(thread, 0)),
    ("__cxa_thread_atexit", register_for_thread),
    ("__cxa_thread_atexit_impl", register_for_thread),
    ("__cxa_finalize", |thread| {
        let image = word(thread, 0);
        run_exits(thread, (image != 0).then_some(image), 0)
    }),
    ("__assert_fail", |thread| {
        let texts = [0, 1, 3].map(|number| text_or_nothing(thread, word(thread, number)));
        let [what, file, function] = texts;
        let line = int(thread, 2);
        failed_assertion(thread, &what?, &file?, line, Some(&function?))
    }),
    ("__assert", |thread| {
        let texts = [0, 1].map(|number| text_or_nothing(thread, word(thread, number)));
        let [what, file] = texts;
        let line = int(thread, 2);
        failed_assertion(thread, &what?, &file?, line, None)
    }),
    ("__stack_chk_fail", |_| {
        Err(Failure::Why(
            "a function has written beyond its stack".into(),
        ))
    }),
    ("__tls_get_addr", thread_local),
    // `__ve_grow_stack` makes room below the stack pointer; all of the stack is mapped, so only the pointer moves.
    ("__ve_grow_stack", |thread| grow(thread, None)),
    ("__ve_grow_stack_align", |thread| {
        let mask = word(thread, 1);
        grow(thread, Some(mask))
    }),
    ("__grow_stack", |thread| grow(thread, None)),
    ("__cxa_guard_acquire", acquire),
    ("__cxa_guard_release", |thread| {
        let guard = word(thread, 0);
        store::<2>(thread.window(), guard, 1)
    }),
    ("__cxa_guard_abort", |thread| {
        let guard = word(thread, 0);
        store::<2>(thread.window(), guard, 0)
    }),
    ("__cxa_pure_virtual", |_| {
        Err(Failure::Why("a pure virtual function was called".into()))
    }),
    ("__cxa_deleted_virtual", |_| {
        Err(Failure::Why("a deleted virtual function was called".into()))
    }),
    ("__cxa_throw_bad_array_new_length", |_| {
        Err(Failure::Why(
            "was asked for an array that is too large".into(),
        ))
    }),
    ("__cxa_bad_cast", |_| {
        Err(Failure::Why("a reference cannot be cast".into()))
    }),
    ("__cxa_bad_typeid", |_| {
        Err(Failure::Why("a null pointer has no type".into()))
    }),
    ("_ZSt9terminatev", |_| Err(TrapKind::Abort.into())),
    ("__gmon_start__", nothing),
    ("__register_frame_info", nothing),
    ("__deregister_frame_info", nothing),
];

const SP: usize = 11;

fn exit_at_once(thread: &mut Thread) -> Outcome {
    let code = int(thread, 0);
    end_at_once(thread, code)
}

/// Ends the program without calling anything, destructors included.
fn end_at_once(thread: &Thread, code: i32) -> Outcome {
    thread.process().exits.end_at_once();
    Err(TrapKind::Exit { code }.into())
}

/// Ends the program as `exit` does: after the functions that the thread and the program have registered for their ends.
pub(super) fn leave_program(thread: &mut Thread, code: i32) -> Outcome {
    let number = thread.number();
    while let Some(exit) = thread.process().exits.take_of_thread(number) {
        thread.call_back(exit.function, &[exit.argument])?;
    }
    run_exits(thread, None, code)?;
    thread.flush_output();
    Err(TrapKind::Exit { code }.into())
}

/// Calls what is registered for the end, the last first, of one image or of all.
pub(super) fn run_exits(thread: &mut Thread, image: Option<u64>, code: i32) -> Outcome {
    while let Some(exit) = thread.process().exits.take(image) {
        thread.call_back(exit.function, &exit.words(code))?;
    }
    Ok(())
}

fn register(thread: &mut Thread, exit: ExitFunction) -> Outcome {
    thread.process().exits.add(exit);
    result_int(thread, 0)
}

/// For the end of the program, or of the thread with this number.
fn register_of_image(thread: &mut Thread, number: u64) -> Outcome {
    let exit = ExitFunction {
        function: word(thread, 0),
        argument: word(thread, 1),
        image: word(thread, 2),
        thread: number,
        takes_code: false,
    };
    register(thread, exit)
}

/// Registers a function for the end of this thread.
fn register_for_thread(thread: &mut Thread) -> Outcome {
    let number = thread.number();
    register_of_image(thread, number)
}

fn text_or_nothing(thread: &Thread, address: u64) -> Result<Vec<u8>, Failure> {
    if address == 0 {
        return Ok(b"?".to_vec());
    }
    text(thread.window(), address)
}

fn failed_assertion(
    thread: &mut Thread,
    what: &[u8],
    file: &[u8],
    line: i32,
    function: Option<&[u8]>,
) -> Outcome {
    thread.flush_output();
    let streams = &thread.process().streams;
    let error = streams.get(streams.standard()[2]);
    if let Some(error) = error.and_then(|error| error.hold(&thread.stop_handle())) {
        let text = |bytes| String::from_utf8_lossy(bytes);
        let place = function.map_or(String::new(), |name| format!("{}: ", text(name)));
        let line = format!(
            "{}:{line}: {place}Assertion `{}' failed.\n",
            text(file),
            text(what)
        );
        error.write(line.as_bytes());
        error.flush();
    }
    Err(TrapKind::Abort.into())
}

/// The address of a thread-local variable, of which a pair of words tells the number of its memory and where it is in there.
fn thread_local(thread: &mut Thread) -> Outcome {
    let pair = word(thread, 0);
    let window = thread.window();
    // The number is one more than where the memory begins, so that 0 stands for none.
    let module = load::<8>(window, pair)?;
    let offset = load::<8>(window, pair.wrapping_add(8))?;
    if module == 0 {
        // The offset is the address that stands for the name.
        return Err(match thread.missing(offset) {
            Some(name) => Failure::Trap(TrapKind::MissingSymbol { name }),
            None => Failure::Why("was asked for a thread-local variable of no image".into()),
        });
    }
    let address = thread
        .thread_local()
        .wrapping_add(module.wrapping_sub(1))
        .wrapping_add(offset);
    result(thread, address)
}

/// Takes bytes from the stack. The new stack pointer must leave room for what a call needs.
fn grow(thread: &mut Thread, mask: Option<u64>) -> Outcome {
    let (sp, size) = (thread.registers().scalar(SP), word(thread, 0));
    let overflow = || Failure::Trap(TrapKind::StackOverflow { sp });
    let mut new = sp.checked_sub(size).ok_or_else(overflow)?;
    if let Some(mask) = mask {
        new &= mask;
    }
    if !thread.stack().contains(&new) {
        return Err(overflow());
    }
    thread.registers_mut().set_scalar(SP, new);
    Ok(())
}

/// Whether the caller is to run the initialiser of a variable: 1, or 0 if another thread has done it.
fn acquire(thread: &mut Thread) -> Outcome {
    let guard = word(thread, 0);
    // The first byte is set once the variable is there, the second one while somebody makes it.
    let word = guard & !7;
    let shift = 8 * (guard & 7);
    loop {
        let now = load::<8>(thread.window(), word)?;
        if now >> shift & 0xff != 0 {
            return result(thread, 0);
        }
        if now >> shift & 0xff00 != 0 {
            thread.poll()?;
            std::thread::yield_now();
            continue;
        }
        let new = now | 0x100 << shift;
        let before = thread
            .window()
            .compare_exchange::<8>(word, now, new)
            .map_err(|cause| bad_pointer(guard, cause))?;
        if before == now {
            return result(thread, 1);
        }
    }
}
