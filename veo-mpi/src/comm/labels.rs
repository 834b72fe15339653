//! Labels stand for the headers of direct messages. A rank tells another once what a label means, and from then on sends values under it
//! alone: one message of MPI for each of its own.

use super::data_type::TypeTag;
use super::flight::LONGEST;
use super::header::{Announced, Form};
use super::raw::Found;
use crate::error::{Error, Result};

/// How many labels one rank has for another, from 1 on. They are tags of MPI.
const LABELS: i32 = 32;

/// That of messages which have nothing in common with others: those of collective operations. It is told anew for each.
const ONCE: i32 = 1;

/// The meaning of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LabelMeaning {
    pub(super) tag: i32,
    /// 0 for messages of the user.
    pub(super) context: u64,
    pub(super) ty: TypeTag,
}

/// The labels of messages to one rank, and of those that come from it.
#[derive(Default)]
struct PairLabels {
    /// The meanings that the other knows, by label, without [`ONCE`].
    told: Vec<LabelMeaning>,
    /// The label that is replaced next.
    next: usize,
    /// The meanings that the other has told, by label.
    heard: Vec<Option<LabelMeaning>>,
    /// The parts that have come of a message of which more comes.
    pieces: Vec<Found>,
}

/// The labels of a communicator.
pub(super) struct DirectLabels(Vec<PairLabels>);

impl DirectLabels {
    /// Makes them for this many ranks.
    pub(super) fn new(ranks: i32) -> DirectLabels {
        DirectLabels((0..ranks).map(|_| PairLabels::default()).collect())
    }

    fn pair(&mut self, rank: i32) -> Result<&mut PairLabels> {
        let place = usize::try_from(rank).ok();
        place.and_then(|at| self.0.get_mut(at)).ok_or_else(unknown)
    }

    /// The label of a message to a rank. `tell` is asked to tell the rank what it stands for, if the rank does not know.
    pub(super) fn of(
        &mut self,
        rank: i32,
        meaning: LabelMeaning,
        tell: impl FnOnce(i32) -> Result<()>,
    ) -> Result<i32> {
        if meaning.context != 0 {
            tell(ONCE)?;
            return Ok(ONCE);
        }
        let pair = self.pair(rank)?;
        let label = |place: usize| ONCE + 1 + place as i32;
        if let Some(known) = pair.told.iter().position(|told| *told == meaning) {
            return Ok(label(known));
        }
        let place = pair.next;
        tell(label(place))?;
        match pair.told.get_mut(place) {
            Some(before) => *before = meaning,
            None => pair.told.push(meaning),
        }
        pair.next = (place + 1) % (LABELS - ONCE) as usize;
        Ok(label(place))
    }

    /// A rank has told what a label means.
    pub(super) fn hear(&mut self, rank: i32, label: u64, meaning: LabelMeaning) -> Result<()> {
        let place = usize::try_from(label).unwrap_or(0);
        if !(ONCE as usize..=LABELS as usize).contains(&place) {
            return Err(unknown());
        }
        let heard = &mut self.pair(rank)?.heard;
        heard.resize(heard.len().max(place + 1), None);
        heard[place] = Some(meaning);
        Ok(())
    }

    /// Values of a rank have come: their meaning and their pieces, when these are all.
    pub(super) fn take(&mut self, found: Found) -> Result<Option<(Announced, Vec<Found>)>> {
        let envelope = found.envelope;
        let pair = self.pair(envelope.source)?;
        pair.pieces.push(found);
        if envelope.size == LONGEST {
            return Ok(None);
        }
        let pieces = std::mem::take(&mut pair.pieces);
        let known = usize::try_from(envelope.tag).ok();
        let known = known.and_then(|label| pair.heard.get(label).copied().flatten());
        let LabelMeaning { tag, context, ty } = known.ok_or_else(unknown)?;
        let bytes: u64 = pieces.iter().map(|piece| piece.envelope.size as u64).sum();
        if ty.size == 0 || !bytes.is_multiple_of(ty.size) {
            return Err(unknown());
        }
        let message = Announced {
            form: Form::Direct,
            number: 0,
            context,
            tag,
            ty,
            len: bytes / ty.size,
        };
        Ok(Some((message, pieces)))
    }
}

/// The lengths of the pieces of a message: all but the last are of [`LONGEST`] bytes, which tells that more comes.
pub(super) fn pieces(size: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..=size / LONGEST).map(move |piece| {
        let start = piece * LONGEST;
        start..size.min(start + LONGEST)
    })
}

fn unknown() -> Error {
    Error::Mpi {
        what: "receiving from another rank".into(),
        reason:
            "it has not told what the values are; do all ranks have the same version of veo-mpi?"
                .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(tag: i32, context: u64) -> LabelMeaning {
        LabelMeaning {
            tag,
            context,
            ty: TypeTag::of::<f64>(),
        }
    }

    #[test]
    fn a_label_is_told_once_until_another_takes_its_place() {
        let mut labels = DirectLabels::new(2);
        let mut told = Vec::new();
        let mut say = |labels: &mut DirectLabels, rank, meaning| {
            let label = labels.of(rank, meaning, |label| {
                told.push((rank, label));
                Ok(())
            });
            (label.unwrap(), told.len())
        };
        assert_eq!(say(&mut labels, 1, meaning(5, 0)), (2, 1));
        assert_eq!(say(&mut labels, 1, meaning(5, 0)), (2, 1));
        assert_eq!(say(&mut labels, 0, meaning(5, 0)), (2, 2));
        assert_eq!(say(&mut labels, 1, meaning(5, 7)), (ONCE, 3));
        assert_eq!(say(&mut labels, 1, meaning(5, 7)), (ONCE, 4));
        for tag in 6..6 + LABELS - 2 {
            assert_eq!(say(&mut labels, 1, meaning(tag, 0)).0, tag - 3);
        }
        let count = say(&mut labels, 1, meaning(5, 0)).1;
        // One more than there are: the oldest is told anew.
        assert_eq!(say(&mut labels, 1, meaning(99, 0)), (2, count + 1));
        assert_eq!(say(&mut labels, 1, meaning(5, 0)), (3, count + 2));
        assert_eq!(say(&mut labels, 1, meaning(99, 0)), (2, count + 2));
    }

    #[test]
    fn a_label_that_could_not_be_told_is_not_used() {
        let mut labels = DirectLabels::new(1);
        let failed = labels.of(0, meaning(1, 0), |_| Err(Error::NotRunning));
        failed.unwrap_err();
        let mut told = 0;
        for _ in 0..2 {
            let label = labels.of(0, meaning(1, 0), |_| {
                told += 1;
                Ok(())
            });
            assert_eq!(label.unwrap(), 2);
        }
        assert_eq!(told, 1);
    }

    #[test]
    fn labels_that_cannot_be_are_refused() {
        let mut labels = DirectLabels::new(1);
        for (rank, label) in [(0, 0), (0, 33), (0, u64::MAX), (1, 1), (-1, 1)] {
            labels.hear(rank, label, meaning(1, 0)).unwrap_err();
        }
        labels.hear(0, 32, meaning(1, 0)).unwrap();
    }

    #[test]
    fn all_pieces_but_the_last_are_of_the_longest() {
        let lens = |size| pieces(size).map(|piece| piece.len()).collect::<Vec<_>>();
        assert_eq!(lens(5), [5]);
        assert_eq!(lens(LONGEST), [LONGEST, 0]);
        assert_eq!(lens(2 * LONGEST + 3), [LONGEST, LONGEST, 3]);
    }
}
