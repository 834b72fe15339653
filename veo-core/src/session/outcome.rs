//! How a request ended, as the backend says it.

/// How a request ended: the command state and the result word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CommandOutcome {
    pub(crate) state: CommandState,
    pub(crate) word: u64,
}

/// Command states of libveo, and one for requests whose process was destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandState {
    Ok,
    Exception,
    Error,
    Lost,
}

impl CommandState {
    /// The outcome of an operation of which only success or failure is known.
    pub(crate) fn of(worked: bool) -> CommandState {
        if worked {
            CommandState::Ok
        } else {
            CommandState::Error
        }
    }
}
