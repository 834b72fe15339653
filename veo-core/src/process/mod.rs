//! VE processes.
mod id;
use crate::call::Call;
use crate::memory::Usage;
use crate::param::KernelResult;
use crate::*;
pub(crate) use id::ProcId;
/// A process on a VE.
#[derive(Clone, Debug)]
pub struct VeoProc(std::sync::Arc<std::convert::Infallible>);
impl VeoProc {
    pub(crate) fn id(&self) -> ProcId {
        match *self.0 {}
    }
    pub(crate) fn by_id(_: ProcId) -> Option<VeoProc> {
        None
    }
    pub(crate) fn read_vec<T: VeData>(&self, _: VeSlice<'_, T>) -> Result<Vec<T>> {
        match *self.0 {}
    }
    pub(crate) fn free_later(&self, _: u64, _: &'static Usage) {
        match *self.0 {}
    }
    pub(crate) fn free_waiting(&self, _: u64, _: &'static Usage) -> Result<()> {
        match *self.0 {}
    }
    pub(crate) fn call_kernel<R: KernelResult>(&self, call: Call<'_, '_>) -> Result<R::Value> {
        let _ = (call.kernel, call.args);
        match *self.0 {}
    }
    /// Copies to the VE.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn write<'b, T: VeData>(
        &self,
        _to: impl Into<VeSliceMut<'b, T>>,
        _values: &[T],
    ) -> Result<()> {
        match *self.0 {}
    }
    /// Copies from the VE.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn read<'b, T: VeData>(
        &self,
        _from: impl Into<VeSlice<'b, T>>,
        _values: &mut [T],
    ) -> Result<()> {
        match *self.0 {}
    }
    /// Memory.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn alloc<T: VeData>(&self, _len: usize) -> Result<VeBuffer<T>> {
        match *self.0 {}
    }
    /// Memory.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn upload<T: VeData>(&self, _values: &[T]) -> Result<VeBuffer<T>> {
        match *self.0 {}
    }
    /// Starts a process.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn new(node: i32) -> Result<VeoProc> {
        Err(Error::ProcessStart {
            node,
            reason: "not yet".into(),
        })
    }
    /// Opens a context.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn open_context(&self) -> Result<VeoContext> {
        match *self.0 {}
    }
    /// The process as a pointer's origin.
    #[must_use]
    pub fn pointer<T>(&self, _addr: VeAddr<T>) -> VeMemPtr<T> {
        match *self.0 {}
    }
}
