//! Headers: small messages of a fixed form by which ranks announce a message before its values.

use super::data_type::{NAME, TypeTag};
use crate::error::{Error, Result};

/// How the values of a message come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Behind the header, in the same message of MPI.
    Inline,
    /// As one message of MPI, which was sent at once.
    Pushed,
    /// In chunks, when the receiver is ready for them.
    OnDemand,
    /// Under a label, by its number: values with it have this tag and type, and go from the sender's memory to the receiver's.
    Direct,
    /// They lie in a slot of the sender's window.
    Filled,
    /// In slots of the sender's window, when the receiver is ready for them.
    Slots,
}

/// The contents of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// A message.
    Message(Announced),
    /// The receiver of that message is ready for its chunks.
    Ready(u64),
    /// The receiver of that message does not want its chunks.
    Refused(u64),
    /// Its sender begins nothing by this channel any more: no message comes of it after this, but for answers.
    Closed,
}

/// The description of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Announced {
    pub(super) form: Form,
    /// Its number among those of its sender.
    pub(super) number: u64,
    /// 0: of the user; else the number of a collective operation, whose kind the tag is.
    pub(super) context: u64,
    pub(super) tag: i32,
    pub(super) ty: TypeTag,
    /// How many values there are.
    pub(super) len: u64,
}

impl Announced {
    /// Its length in bytes, if that can be.
    pub(super) fn bytes(&self) -> Option<usize> {
        let bytes = self.len.checked_mul(self.ty.size)?;
        usize::try_from(bytes).ok()
    }
}

/// The length of a header in bytes.
pub(super) const LEN: usize = 48 + NAME;

const FORMS: [Form; 6] = [
    Form::Inline,
    Form::Pushed,
    Form::OnDemand,
    Form::Direct,
    Form::Filled,
    Form::Slots,
];
const READY: u32 = 100;
const REFUSED: u32 = 101;
const CLOSED: u32 = 102;

impl Header {
    /// The header as bytes, with room for `more` behind them.
    pub(super) fn encode(&self, more: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LEN + more);
        let (kind, number) = match self {
            Header::Message(message) => (message.form as u32, message.number),
            Header::Ready(number) => (READY, *number),
            Header::Refused(number) => (REFUSED, *number),
            Header::Closed => (CLOSED, 0),
        };
        bytes.extend(kind.to_le_bytes());
        if let Header::Message(message) = self {
            bytes.extend(message.tag.to_le_bytes());
            bytes.extend(number.to_le_bytes());
            bytes.extend(message.context.to_le_bytes());
            bytes.extend(message.ty.hash.to_le_bytes());
            bytes.extend(message.ty.size.to_le_bytes());
            bytes.extend(message.len.to_le_bytes());
            bytes.extend(message.ty.name);
        } else {
            bytes.extend([0; 4]);
            bytes.extend(number.to_le_bytes());
        }
        bytes.resize(LEN + more, 0);
        bytes
    }

    /// Reads a header that has come.
    pub(super) fn decode(bytes: &[u8]) -> Result<Header> {
        let wrong = || Error::Mpi {
            what: "receiving from another rank".into(),
            reason: "what came is no message of veo-mpi; do all ranks have the same version of it?"
                .into(),
        };
        let word = |at: usize| {
            let word = bytes.get(at..at + 8)?;
            Some(u64::from_le_bytes(word.try_into().ok()?))
        };
        let first = word(0).ok_or_else(wrong)?;
        let number = word(8).ok_or_else(wrong)?;
        let kind = first as u32;
        match kind {
            READY => return Ok(Header::Ready(number)),
            REFUSED => return Ok(Header::Refused(number)),
            CLOSED => return Ok(Header::Closed),
            _ => {}
        }
        let form = FORMS.get(kind as usize).ok_or_else(wrong)?;
        let name = bytes.get(48..LEN).ok_or_else(wrong)?;
        let announced = Announced {
            form: *form,
            number,
            context: word(16).ok_or_else(wrong)?,
            tag: (first >> 32) as i32,
            ty: TypeTag {
                hash: word(24).ok_or_else(wrong)?,
                size: word(32).ok_or_else(wrong)?,
                name: name.try_into().map_err(|_| wrong())?,
            },
            len: word(40).ok_or_else(wrong)?,
        };
        let wanted = match form {
            Form::Inline => announced.bytes().ok_or_else(wrong)?,
            _ => 0,
        };
        if bytes.len() - LEN != wanted {
            return Err(wrong());
        }
        Ok(Header::Message(announced))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_header_is_decoded() {
        for (at, form) in FORMS.into_iter().enumerate() {
            assert_eq!(form as usize, at);
            let header = Header::Message(Announced {
                form,
                number: 0x0123_4567_89ab_cdef,
                context: 7,
                tag: i32::MAX,
                ty: TypeTag::of::<[f32; 3]>(),
                len: 5,
            });
            let more = if form == Form::Inline { 60 } else { 0 };
            let bytes = header.encode(more);
            assert_eq!(Header::decode(&bytes).unwrap(), header);
            for len in 0..bytes.len() {
                Header::decode(&bytes[..len]).unwrap_err();
            }
        }
        for header in [Header::Ready(5), Header::Refused(u64::MAX), Header::Closed] {
            assert_eq!(Header::decode(&header.encode(0)).unwrap(), header);
        }
        Header::decode(&[0xff; LEN]).unwrap_err();
    }
}
