//! How requests end.

/// How a request ended: the command state and the result word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) state: State,
    pub(crate) word: u64,
}

/// Command states of libveo, and one for requests whose process was destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ok,
    Exception,
    Error,
    Lost,
}
