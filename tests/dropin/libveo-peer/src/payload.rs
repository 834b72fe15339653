//! Reads the payload of a request: words, and bytes with their length before them. A missing part
//! ends the process with the reason.

use crate::peer::Message;

pub struct Reader<'a> {
    message: &'a Message,
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(message: &'a Message) -> Self {
        Self { message, at: 0 }
    }

    /// A pointer to so many bytes, which are in the mailbox until the message is done.
    fn take(&mut self, len: usize) -> *const u8 {
        let Message {
            id,
            command,
            len: all,
            ..
        } = *self.message;
        if len > all - self.at {
            crate::fail(&format!(
                "request {id}, command {command}: {len} bytes at {} of {all}",
                self.at
            ));
        }
        let place = self.message.payload.wrapping_add(self.at);
        self.at += len;
        place
    }

    pub fn word(&mut self) -> u64 {
        // SAFETY: `take` returns the place of 8 bytes of the mailbox; any bits are a word.
        unsafe { self.take(8).cast::<u64>().read_unaligned() }
    }

    pub fn half_word(&mut self) -> u32 {
        // SAFETY: `take` returns the place of 4 bytes of the mailbox; any bits are valid.
        unsafe { self.take(4).cast::<u32>().read_unaligned() }
    }

    /// Bytes, with their length before them.
    pub fn bytes(&mut self) -> &'a [u8] {
        let len = self.word() as usize;
        // SAFETY: the bytes are in the mailbox, and the host changes none until the message,
        // which outlives the slice, is done.
        unsafe { std::slice::from_raw_parts(self.take(len), len) }
    }

    /// Words, with their length in bytes before them.
    pub fn words(&mut self) -> impl Iterator<Item = u64> + use<'a> {
        let (words, _) = self.bytes().as_chunks::<8>();
        words.iter().map(|word| u64::from_ne_bytes(*word))
    }
}
