//! A value for each of a run of consecutive ids. They are added at the end and removed at the
//! front; any of them is found by its id.

/// A window of ids.
pub(crate) struct IdWindow<T> {
    first: u64,
    next: u64,
    /// The place of an id is its lower bits: there is a power of two of them, or none.
    places: Box<[T]>,
}

/// The least number of places, once there are any.
const LEAST: usize = 16;

impl<T> Default for IdWindow<T> {
    fn default() -> IdWindow<T> {
        IdWindow {
            first: 0,
            next: 0,
            places: Box::default(),
        }
    }
}

impl<T: Copy + Default> IdWindow<T> {
    /// The lowest id, or in an empty window the one that comes next.
    #[inline]
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The id that comes next.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        (self.next - self.first) as usize
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.next == self.first
    }

    /// The number of ids for which there is room.
    pub(crate) fn capacity(&self) -> usize {
        self.places.len()
    }

    #[inline]
    fn place(&self, id: u64) -> usize {
        id as usize & self.places.len().wrapping_sub(1)
    }

    #[inline]
    fn has(&self, id: u64) -> bool {
        id.wrapping_sub(self.first) < self.next - self.first
    }

    /// Adds the next id and gives it.
    #[inline(always)]
    pub(crate) fn push(&mut self, value: T) -> u64 {
        if self.len() == self.places.len() {
            self.grow();
        }
        let id = self.next;
        let place = self.place(id);
        if let Some(place) = self.places.get_mut(place) {
            *place = value;
        }
        self.next += 1;
        id
    }

    #[inline]
    pub(crate) fn get(&self, id: u64) -> Option<&T> {
        if self.has(id) {
            self.places.get(self.place(id))
        } else {
            None
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        let place = self.place(id);
        if self.has(id) {
            self.places.get_mut(place)
        } else {
            None
        }
    }

    /// The value of the lowest id.
    #[inline]
    pub(crate) fn front(&self) -> Option<&T> {
        self.get(self.first)
    }

    /// Takes the lowest id out.
    #[inline]
    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let value = *self.front()?;
        self.first += 1;
        Some(value)
    }

    /// Takes the highest id out.
    pub(crate) fn pop_back(&mut self) -> Option<T> {
        let value = *self.get(self.next.wrapping_sub(1))?;
        self.next -= 1;
        Some(value)
    }

    /// Gives back room beyond so many ids.
    pub(crate) fn shrink_to(&mut self, capacity: usize) {
        let capacity = capacity.max(self.len()).next_power_of_two();
        if capacity < self.places.len() {
            self.resize(capacity);
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.resize((2 * self.places.len()).max(LEAST));
    }

    fn resize(&mut self, capacity: usize) {
        let mut places = vec![T::default(); capacity].into_boxed_slice();
        for id in self.first..self.next {
            if let Some(value) = self.get(id) {
                places[id as usize & (capacity - 1)] = *value;
            }
        }
        self.places = places;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn agrees_with_a_queue() {
        let mut window: IdWindow<u64> = IdWindow::default();
        let (mut model, mut first) = (VecDeque::new(), 0);
        let mut random = fastrand::Rng::with_seed(1);
        for round in 0..100_000u64 {
            // Grows for a while, then shrinks.
            match (random.u8(..16), round / 10_000 % 2) {
                (0..=8, 0) | (0..=4, 1) => {
                    let value = random.u64(..);
                    assert_eq!(window.push(value), first + model.len() as u64);
                    model.push_back(value);
                }
                (9..=12, 0) | (5..=12, 1) => {
                    assert_eq!(
                        window.pop_front(),
                        model.pop_front().inspect(|_| first += 1)
                    );
                }
                (13, _) => assert_eq!(window.pop_back(), model.pop_back()),
                (14, _) => window.shrink_to(random.usize(..64)),
                _ => {
                    let id = first.wrapping_add(random.u64(..128)).wrapping_sub(20);
                    let at = id.wrapping_sub(first) as usize;
                    assert_eq!(window.get(id), model.get(at));
                    assert_eq!(window.get_mut(id), model.get_mut(at));
                }
            }
            assert_eq!((window.first(), window.len()), (first, model.len()));
            assert_eq!(
                (window.front(), window.is_empty()),
                (model.front(), model.is_empty())
            );
            assert!(window.capacity() >= window.len());
        }
    }
}
