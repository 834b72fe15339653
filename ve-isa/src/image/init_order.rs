//! Constructors and destructors: in which order those of several images are called.
//!
//! A linker makes one list of those of all relocatable objects that it is given, by their priorities. Objects that are loaded together get
//! one such list.

use super::{Image, ImageId};

/// A constructor or destructor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InitFunction {
    /// Constructors with lower numbers come first, destructors with lower numbers last.
    pub priority: u32,
    /// Its address.
    pub function: u64,
}

impl InitFunction {
    /// The priority of those that have no number.
    pub const UNNUMBERED: u32 = u32::MAX;
}

/// The functions to call for images that share one list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InitList {
    /// The images.
    pub images: Vec<ImageId>,
    /// The addresses of the functions, in order.
    pub functions: Vec<u64>,
}

/// The constructors of images, which come in the order in which they begin.
pub fn constructors<'a>(images: impl IntoIterator<Item = &'a Image>) -> Vec<InitList> {
    lists(images, |image| &image.constructors, |one| one.priority)
}

/// The destructors of images, which come in the order in which they end.
pub fn destructors<'a>(images: impl IntoIterator<Item = &'a Image>) -> Vec<InitList> {
    let downwards = |one: &InitFunction| u32::MAX - one.priority;
    lists(images, |image| &image.destructors, downwards)
}

fn lists<'a>(
    images: impl IntoIterator<Item = &'a Image>,
    of: fn(&Image) -> &[InitFunction],
    key: fn(&InitFunction) -> u32,
) -> Vec<InitList> {
    let images: Vec<&Image> = images.into_iter().collect();
    let lists = images.chunk_by(|one, other| one.group == other.group);
    let lists = lists.map(|group| {
        let mut all: Vec<InitFunction> = group
            .iter()
            .flat_map(|image| of(image).iter().copied())
            .collect();
        all.sort_by_key(key);
        InitList {
            images: group.iter().map(|image| image.id).collect(),
            functions: all.iter().map(|one| one.function).collect(),
        }
    });
    lists.collect()
}
