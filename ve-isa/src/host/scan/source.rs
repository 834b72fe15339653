//! Where text comes from.

use crate::process::CStream;

/// A byte, or a wide character.
pub(in crate::host) type Character = u32;

/// Text that is read character by character.
#[derive(Debug)]
pub(in crate::host) struct ScanSource<'a> {
    from: From<'a>,
    /// The next character, if it is known: nothing at the end.
    next: Option<Option<Character>>,
    taken: u64,
}

#[derive(Debug)]
enum From<'a> {
    Bytes(&'a [u8]),
    Wide(&'a [Character]),
    Stream(&'a CStream),
}

impl<'a> ScanSource<'a> {
    fn new(from: From<'a>) -> Self {
        Self {
            from,
            next: None,
            taken: 0,
        }
    }

    pub(in crate::host) fn bytes(bytes: &'a [u8]) -> Self {
        Self::new(From::Bytes(bytes))
    }

    pub(in crate::host) fn wide(characters: &'a [Character]) -> Self {
        Self::new(From::Wide(characters))
    }

    pub(in crate::host) fn stream(stream: &'a CStream) -> Self {
        Self::new(From::Stream(stream))
    }

    /// Whether the characters are wide ones.
    pub(super) fn is_wide(&self) -> bool {
        matches!(self.from, From::Wide(_))
    }

    /// How many characters were taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    fn get(&mut self) -> Option<Character> {
        match &mut self.from {
            From::Bytes(bytes) => bytes.split_off_first().map(|byte| (*byte).into()),
            From::Wide(characters) => characters.split_off_first().copied(),
            From::Stream(stream) => stream.get().map(Character::from),
        }
    }

    /// The next character, which stays the next one.
    pub(super) fn peek(&mut self) -> Option<Character> {
        if self.next.is_none() {
            self.next = Some(self.get());
        }
        self.next.flatten()
    }

    /// Takes the next character.
    pub(super) fn take(&mut self) {
        if self.peek().is_some() {
            self.next = None;
            self.taken += 1;
        }
    }

    /// Makes a character that was only looked at the next one of the stream.
    pub(super) fn give_back(&mut self) {
        if let (From::Stream(stream), Some(Some(character))) = (&self.from, self.next.take()) {
            stream.unget(character as u8);
        }
    }
}
