//! Requests.
use crate::*;
/// A queued call.
#[must_use = "wait for it"]
#[derive(Debug)]
pub struct VeoRequest<'a, R>(
    std::convert::Infallible,
    std::marker::PhantomData<&'a ()>,
    std::marker::PhantomData<fn() -> R>,
);
impl<R> VeoRequest<'_, R> {
    /// Waits.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn wait(self) -> Result<R> {
        match self.0 {}
    }
}
