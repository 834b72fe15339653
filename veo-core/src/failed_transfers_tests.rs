//! Transfers that fail on their way: each error is that of its own transfer, whoever collects it, and it is in the log if nobody asks for it.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::backend::need;
use crate::context::VeoContext;
use crate::error::{Error, Result};
use crate::process::{KernelLookup, VeoProc};
use crate::queue::{Payload, Ticket};
use crate::session::{RequestKind, TransferRange};

/// An address of the VE at which there is no memory.
const NOWHERE: u64 = 16;

fn process() -> Result<VeoProc> {
    let builder = VeoProc::builder().memory(16 << 20);
    builder.kernels(KernelLookup::None).build()
}

/// Queues a read of memory that is not there.
fn failing_read(ctx: &VeoContext, bytes: usize) -> Result<Ticket> {
    let shared = ctx.shared();
    let read = need!(shared.core.api, veo_async_read_mem, "a queued read")?;
    let mut room = vec![0_u8; bytes];
    let to = room.as_mut_ptr();
    shared.submit_by(
        RequestKind::Read(TransferRange::new(NOWHERE, bytes)),
        Payload::Owned(Box::new(room)),
        &[],
        |submission| {
            // SAFETY: the lock is held and the context open, so it is valid; the room belongs to the entry until the request was collected.
            Ok(unsafe { read(submission.handle(), to.cast(), NOWHERE, bytes) })
        },
    )
}

/// Why the request has failed.
fn error_of(ctx: &VeoContext, ticket: Ticket) -> String {
    let Ok(Some(finished)) = ctx.shared().wait(ticket, None) else {
        panic!("it is waited for without a limit, once");
    };
    let error = finished.word.expect_err("there is no such memory");
    error.to_string()
}

/// Hears warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.lock().unwrap().push(message.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn an_error_has_nothing_of_other_calls() -> Result<()> {
    let proc = process()?;
    let ctx = proc.open_context()?;
    let ticket = failing_read(&ctx, 11)?;
    // This thread is told why something else fails, another one collects the transfer.
    let Err(Error::OutOfMemory {
        reason: Some(other),
        ..
    }) = proc.alloc::<u8>(1 << 46)
    else {
        panic!("so much memory there is not");
    };
    std::thread::scope(|s| {
        s.spawn(|| ctx.sync().map(drop));
    });
    let text = error_of(&ctx, ticket);
    assert!(text.contains("the transfer of 11 bytes"), "{text}");
    assert!(!text.contains(&other), "{text}");
    Ok(())
}

/// The warnings that name a request of this context.
fn heard_of(context: u64) -> Vec<String> {
    static WARNINGS: OnceLock<Warnings> = OnceLock::new();
    let warnings = WARNINGS.get_or_init(|| {
        // The thread of a process has no other.
        let warnings = Warnings::default();
        let set = tracing::subscriber::set_global_default(warnings.clone());
        set.expect("no other test of this program sets one");
        warnings
    });
    let mut all = warnings.0.lock().unwrap().clone();
    all.retain(|line| line.contains(&format!(" of context {context})")));
    all
}

#[test]
fn an_error_that_nobody_collects_is_logged_once() -> Result<()> {
    let proc = process()?;
    let ctx = proc.open_context()?;
    let context = ctx.shared().id;
    assert_eq!(heard_of(context), [""; 0]);
    let (dropped, late) = (failing_read(&ctx, 5)?, failing_read(&ctx, 7)?);
    let asked = failing_read(&ctx, 9)?;
    ctx.shared().release(dropped);
    let error = error_of(&ctx, asked);
    let asked = format!(
        "the transfer of 9 bytes from the VE at {NOWHERE:#x} in {}",
        proc.id()
    );
    let happened = format!("9 bytes at VE address {NOWHERE:#x} are not mapped on the VE");
    assert!(error.starts_with(&asked), "{error}");
    assert!(error.ends_with(&happened), "{error}");
    // It was collected before the one behind it was.
    ctx.shared().release(late);
    // The process goes on, and no other call has these errors.
    ctx.sync()?;
    assert_eq!(proc.upload(&[1, 2])?.to_vec()?, [1, 2]);
    // A result that is never asked for.
    failing_read(&ctx, 13)?;
    ctx.sync()?;
    proc.close()?;
    let mut heard = heard_of(context);
    heard.sort();
    let [third, first, second] = &*heard else {
        panic!("{heard:?}");
    };
    for (line, bytes, number) in [(first, 5, 0), (second, 7, 1), (third, 13, 3)] {
        let name = format!("the transfer of {bytes} bytes from the VE (request {number} of ");
        assert!(line.contains(&name), "{line}");
    }
    Ok(())
}
