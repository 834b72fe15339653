//! First values of thread-local variables, as the images of a machine have them now.
//!
//! Threads that run learn here that images have come or gone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::image::{Image, ImageId};

/// First values of the thread-local variables of one image.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) image: ImageId,
    /// Where they are in the window.
    pub(crate) address: u64,
    /// How many bytes have first values; the rest is 0.
    pub(crate) initialised: u64,
    pub(crate) size: u64,
    /// Where they belong, behind the thread's control block.
    pub(crate) offset: u64,
}

/// The templates of all images.
#[derive(Debug, Default)]
pub(crate) struct Templates {
    /// Grows when images come or go.
    generation: AtomicU64,
    list: RwLock<Arc<[Template]>>,
}

impl Templates {
    /// Takes note of the images that there are from now on.
    pub(crate) fn follow(&self, images: &[Image]) {
        let templates = images.iter().filter_map(|image| {
            let tls = image.tls.as_ref()?;
            Some(Template {
                image: image.id,
                address: tls.template,
                initialised: tls.initialised,
                size: tls.size,
                offset: tls.offset,
            })
        });
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = templates.collect();
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// A number that changes when images come or go.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn list(&self) -> Arc<[Template]> {
        self.list
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many bytes of thread-local memory the images need behind a control block.
    pub(super) fn size(&self) -> u64 {
        let list = self.list();
        let ends = list
            .iter()
            .map(|template| template.offset.saturating_add(template.size));
        ends.max().unwrap_or(0)
    }
}
