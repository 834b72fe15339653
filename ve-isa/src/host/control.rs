//! `stdlib.h`: how a program ends.

use super::call::{Outcome, result, word};
use crate::thread::{HostFunction, Thread};
use crate::trap::TrapKind;

pub(super) fn find(name: &str) -> Option<HostFunction> {
    Some(match name {
        "abort" => |_| Err(TrapKind::Abort),
        "exit" | "_exit" | "_Exit" => exit,
        "__tls_get_addr" => thread_local,
        _ => return None,
    })
}

fn exit(thread: &mut Thread) -> Outcome {
    Err(TrapKind::Exit {
        code: word(thread, 0) as i32,
    })
}

/// The address of a thread-local variable, of which a pair of words tells the number of its memory and where it is in there.
fn thread_local(thread: &mut Thread) -> Outcome {
    let pair = word(thread, 0);
    let window = thread.window();
    let read = |address: u64| {
        window
            .load::<8>(address)
            .map_err(|cause| super::call::bad_pointer("__tls_get_addr", address, cause))
    };
    // The number is one more than where the memory begins, so that 0 stands for none.
    let (module, offset) = (read(pair)?, read(pair.wrapping_add(8))?);
    if module == 0 {
        return Err(TrapKind::HostFunction {
            name: "__tls_get_addr".into(),
            why: "was asked for a thread-local variable that no image defines".into(),
        });
    }
    let address = thread
        .thread_local()
        .wrapping_add(module.wrapping_sub(1))
        .wrapping_add(offset);
    result(thread, address)
}
