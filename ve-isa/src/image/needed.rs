//! Which images need which, by the names in their files.

use super::{Image, ImageError, Provider};

/// The libraries of the card's system, up to `.so`. The host's functions stand for theirs.
const OF_THE_SYSTEM: [&str; 16] = [
    "ld-linux-ve",
    "libc",
    "libm",
    "libdl",
    "librt",
    "libpthread",
    "libgcc_s",
    "libncc",
    "libsysve",
    "libvastfp",
    "libveftrace_p",
    "libveftrace_t",
    "libc++",
    "libc++abi",
    "libvec++",
    "libnfort_m",
];

/// Whether the host stands in for a library.
#[must_use]
pub fn is_of_the_system(name: &str) -> bool {
    name.split_once(".so")
        .is_some_and(|(stem, _)| OF_THE_SYSTEM.contains(&stem))
}

/// Whether a file that needs `name` means this image.
fn is_called(image: &Image, name: &str) -> bool {
    let file = image.name.rsplit('/').next().unwrap_or(&image.name);
    image.soname.as_deref() == Some(name) || file == name
}

/// Finds the images that each of the new ones needs, `before` and among themselves.
pub(super) fn find(
    new: &mut [Image],
    before: &[Image],
    provider: &mut dyn Provider,
) -> Result<(), ImageError> {
    let mut missing = Vec::new();
    for index in 0..new.len() {
        let mut found = Vec::new();
        for name in &new[index].needed {
            let other = before
                .iter()
                .chain(&*new)
                .find(|image| is_called(image, name));
            match other {
                Some(other) => found.push(other.id),
                None if is_of_the_system(name) || provider.missing_library(name) => {}
                None => missing.push((name.clone(), new[index].name.clone())),
            }
        }
        new[index].uses.extend(&found);
        new[index].requires = found;
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(ImageError::Libraries { names: missing })
    }
}

/// Puts images after those that they need; where they need each other in a circle, in their order.
pub(super) fn sort(images: Vec<Image>) -> Vec<Image> {
    let needs: Vec<Vec<usize>> = images
        .iter()
        .map(|image| {
            (0..images.len())
                .filter(|other| image.requires.contains(&images[*other].id))
                .collect()
        })
        .collect();
    // Each image comes when all that it needs have come, without recursion, which a long chain would exhaust.
    let mut order = Vec::new();
    let mut seen = vec![false; images.len()];
    for start in 0..images.len() {
        let mut path = vec![(start, 0)];
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        while let Some((image, next)) = path.last_mut() {
            match needs[*image].get(*next) {
                Some(needed) => {
                    *next += 1;
                    if !std::mem::replace(&mut seen[*needed], true) {
                        path.push((*needed, 0));
                    }
                }
                None => {
                    order.push(*image);
                    path.pop();
                }
            }
        }
    }
    let mut images: Vec<_> = images.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|index| images[index].take())
        .collect()
}
