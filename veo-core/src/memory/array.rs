//! Arrays of the crate `ndarray`, copied to VE memory and back.

use ndarray::{Array, ArrayBase, Data, Dimension, IntoDimension};

use super::buffer::VeBuffer;
use super::slice::VeSlice;
use crate::data::VeData;
use crate::error::{Error, Result};
use crate::process::VeoProc;

/// The elements of an array in the order in which VE memory has them.
fn elements<S: Data, D: Dimension>(array: &ArrayBase<S, D>) -> Result<&[S::Elem]> {
    array.as_slice().ok_or_else(|| Error::ArrayLayout {
        shape: array.shape().to_vec(),
        strides: array.strides().to_vec(),
    })
}

impl<T: VeData> VeBuffer<T> {
    /// Allocates memory of a process and copies the elements of an array there, the last index running fastest
    /// (feature `ndarray`). Waits.
    ///
    /// ```
    /// # fn main() -> veo_core::Result<()> {
    /// use ndarray::array;
    /// use veo_core::{Error, VeBuffer, VeoProc};
    ///
    /// let proc = VeoProc::new(0)?;
    /// let a = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    /// let x = VeBuffer::from_array(&proc, &a)?; // VeBuffer<f64> of 6 elements
    /// assert_eq!(x.to_array((2, 3))?, a);
    /// assert_eq!(x.slice(3..)?.to_array(3)?, a.row(1));
    ///
    /// // Its elements do not lie one behind the other in this order.
    /// let error = VeBuffer::from_array(&proc, &a.t()).unwrap_err();
    /// assert!(matches!(error, Error::ArrayLayout { .. }));
    /// let turned = VeBuffer::from_array(&proc, &a.t().as_standard_layout())?;
    /// assert_eq!(turned.to_array((3, 2))?, a.t());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::ArrayLayout`] if the array is not of standard layout; as [`VeoProc::upload`].
    #[track_caller]
    pub fn from_array<S, D>(proc: &VeoProc, array: &ArrayBase<S, D>) -> Result<VeBuffer<T>>
    where
        S: Data<Elem = T>,
        D: Dimension,
    {
        // Before anything is allocated.
        let elements = elements(array)?;
        proc.upload(elements)
    }

    /// Copies an array of as many elements as the buffer holds to the VE (feature `ndarray`). Waits.
    ///
    /// # Errors
    ///
    /// [`Error::ArrayLayout`] if the array is not of standard layout; as [`write`](Self::write).
    #[track_caller]
    pub fn write_array<S, D>(&mut self, array: &ArrayBase<S, D>) -> Result<()>
    where
        S: Data<Elem = T>,
        D: Dimension,
    {
        let elements = elements(array)?;
        self.write(elements)
    }

    /// Copies the values to the host, into an array of standard layout (feature `ndarray`). Waits.
    ///
    /// # Errors
    ///
    /// [`Error::SizeMismatch`] if an array of that shape has not as many elements; as
    /// [`VeoProc::read`].
    #[track_caller]
    pub fn to_array<Sh: IntoDimension>(&self, shape: Sh) -> Result<Array<T, Sh::Dim>> {
        self.as_slice().to_array(shape)
    }
}

impl<T: VeData> VeSlice<'_, T> {
    /// Copies the elements to the host, into an array of standard layout (feature `ndarray`). Waits.
    ///
    /// # Errors
    ///
    /// As [`VeBuffer::to_array`].
    #[track_caller]
    pub fn to_array<Sh: IntoDimension>(&self, shape: Sh) -> Result<Array<T, Sh::Dim>> {
        let shape = shape.into_dimension();
        let product = |len: usize, extent: &usize| len.checked_mul(*extent);
        let wanted = shape.slice().iter().try_fold(1, product);
        let mismatch = || Error::SizeMismatch {
            what: format!(
                "an array of shape {:?} from a buffer of {}",
                shape.slice(),
                self.proc().id()
            ),
            have: self.len(),
            wanted: wanted.unwrap_or(usize::MAX),
        };
        if wanted != Some(self.len()) {
            return Err(mismatch());
        }
        let values = self.to_vec()?;
        Array::from_shape_vec(shape.clone(), values).map_err(|_| mismatch())
    }
}
