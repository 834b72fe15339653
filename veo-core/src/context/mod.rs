//! Contexts.
use crate::call::Call;
use crate::param::KernelResult;
use crate::*;
/// A queue of requests on a VE process.
#[derive(Clone, Debug)]
pub struct VeoContext(std::sync::Arc<std::convert::Infallible>);
impl VeoContext {
    pub(crate) fn submit_kernel<'a, R: KernelResult>(
        &self,
        call: Call<'_, 'a>,
    ) -> Result<VeoRequest<'a, R::Value>> {
        let _ = (call.kernel, call.args);
        match *self.0 {}
    }
}
