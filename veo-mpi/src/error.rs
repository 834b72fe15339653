//! What goes wrong between ranks.

/// Why something between ranks failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The Vector Engine's side failed.
    #[error(transparent)]
    Veo(#[from] veo_core::Error),
}

/// What may fail between ranks.
pub type Result<T> = std::result::Result<T, Error>;
