//! `bytemuck`'s plain data as ours.

use bytemuck::{Pod, TransparentWrapper, Zeroable};
use veo_abi::Type;

use crate::data::VeData;

/// A value of another crate's type that is [`bytemuck::Pod`], as [`VeData`]: Rust lets no crate implement a trait
/// of one for a type of another.
///
/// ```
/// # fn main() -> veo_core::Result<()> {
/// use bytemuck::{Pod, TransparentWrapper, Zeroable};
/// use veo_core::{VeBuffer, VePod, VeoProc};
///
/// #[repr(C)]
/// #[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
/// struct Particle { // of a crate that knows nothing of the VE
///     at: [f64; 3],
///     charge: f64,
/// }
///
/// let proc = VeoProc::new(0)?;
/// let particles = [Particle { at: [1.0, 2.0, 3.0], charge: -1.0 }; 10];
/// let x: VeBuffer<VePod<Particle>> = proc.upload(VePod::wrap_slice(&particles))?; // nothing is copied to wrap it
/// assert_eq!(VePod::peel_slice(&x.to_vec()?), particles);
/// # Ok(())
/// # }
/// ```
///
/// A parameter `*const VePod<Particle>` takes such a buffer. The C prototype is compared with the size of the structure
/// alone, since nothing more is known of the type; `#[derive(VeData)]` on a type of one's own
/// has its fields compared, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct VePod<T>(pub T);

impl<T> From<T> for VePod<T> {
    fn from(value: T) -> Self {
        VePod(value)
    }
}

// SAFETY: it has the layout of its only field.
unsafe impl<T> TransparentWrapper<T> for VePod<T> {}

// SAFETY: it has the layout of its only field, for which zeros are a valid value.
unsafe impl<T: Zeroable> Zeroable for VePod<T> {}

// SAFETY: it has the layout of its only field, which is plain data.
unsafe impl<T: Pod> Pod for VePod<T> {}

#[diagnostic::do_not_recommend]
// SAFETY: any bytes are a valid `Pod`, and what a structure without recorded fields says of the
// layout is the size and the alignment.
unsafe impl<T: Pod + Send + Sync> VeData for VePod<T> {
    const TYPE: Type = <Self as VeData>::SKETCH;
}
