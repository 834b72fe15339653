//! `pwd.h`, `grp.h`: users and groups, as the host knows them.

use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;

use super::call::{
    Outcome, Table, c_text, int, load, result, result_int, set_errno, store, word, write,
};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("getpwuid", |thread| {
        let found = user_by_number(word(thread, 0) as u32);
        give(thread, found, "an entry of a user")
    }),
    ("getpwnam", |thread| {
        let name = c_text(thread.window(), word(thread, 0))?;
        give(thread, user_by_name(&name), "an entry of a user")
    }),
    ("getpwuid_r", |thread| {
        let found = user_by_number(word(thread, 0) as u32);
        give_at(thread, found)
    }),
    ("getpwnam_r", |thread| {
        let name = c_text(thread.window(), word(thread, 0))?;
        give_at(thread, user_by_name(&name))
    }),
    ("getgrgid", |thread| {
        let found = group_by_number(word(thread, 0) as u32);
        give(thread, found, "an entry of a group")
    }),
    ("getgrnam", |thread| {
        let name = c_text(thread.window(), word(thread, 0))?;
        give(thread, group_by_name(&name), "an entry of a group")
    }),
    ("getgrgid_r", |thread| {
        let found = group_by_number(word(thread, 0) as u32);
        give_at(thread, found)
    }),
    ("getgrnam_r", |thread| {
        let name = c_text(thread.window(), word(thread, 0))?;
        give_at(thread, group_by_name(&name))
    }),
    ("getgroups", |thread| {
        let (room, place) = (int(thread, 0), word(thread, 1));
        let mut groups = [0; MOST_GROUPS];
        // SAFETY: the list has room for the number that is passed.
        let count = unsafe { libc::getgroups(MOST_GROUPS as i32, groups.as_mut_ptr()) };
        let Ok(count) = usize::try_from(count) else {
            super::call::copy_errno(thread);
            return result_int(thread, -1);
        };
        if room != 0 && (room < 0 || (room as usize) < count) {
            return super::call::fail(thread, libc::EINVAL);
        }
        for (index, group) in groups[..count].iter().enumerate().take(room as usize) {
            let place = place.wrapping_add(4 * index as u64);
            store::<4>(thread.window(), place, (*group).into())?;
        }
        result_int(thread, count as i32)
    }),
    ("getlogin", |thread| {
        let name = name_of_user();
        let place = thread.lasting("the name of the user", || vec![0; LONGEST_NAME]);
        match (place, name) {
            (Some(place), Ok(name)) => {
                write(thread.window(), place, name.as_bytes_with_nul())?;
                result(thread, place)
            }
            (_, name) => {
                set_errno(thread, name.err().unwrap_or(libc::ENOMEM));
                result(thread, 0)
            }
        }
    }),
    ("getlogin_r", |thread| {
        let (place, room) = (word(thread, 0), word(thread, 1));
        match name_of_user() {
            Ok(name) if name.as_bytes_with_nul().len() as u64 > room => {
                result_int(thread, libc::ERANGE)
            }
            Ok(name) => {
                write(thread.window(), place, name.as_bytes_with_nul())?;
                result_int(thread, 0)
            }
            Err(error) => result_int(thread, error),
        }
    }),
];

/// How many groups a process may be in.
const MOST_GROUPS: usize = 65536;
/// Bytes of the longest name of a user, with its end.
const LONGEST_NAME: usize = 256;
/// Bytes of the longest entry of a user or group that is read.
const LONGEST_ENTRY: usize = 1 << 20;
/// Bytes of the place that entries are put into where the caller has none.
const ROOM: usize = 16 << 10;

/// An entry of a user or a group: the fields of its structure, with texts in place of addresses.
struct UserEntry {
    fields: Vec<EntryField>,
    /// The members of a group; their list is the last field then.
    members: Option<Vec<CString>>,
}

enum EntryField {
    Text(CString),
    /// One that takes so many bytes.
    Number(u32, usize),
}

impl UserEntry {
    /// How many bytes the structure has.
    fn size(&self) -> usize {
        let fields = self.fields.iter().map(|field| match field {
            EntryField::Text(_) => 8,
            EntryField::Number(_, size) => *size,
        });
        fields.sum::<usize>() + if self.members.is_some() { 8 } else { 0 }
    }

    /// The bytes of the structure, and of what it points to, which will be at an address.
    fn bytes(&self, at: u64) -> (Vec<u8>, Vec<u8>) {
        let (mut structure, mut rest) = (Vec::new(), Vec::new());
        let add = |rest: &mut Vec<u8>, text: &CStr| {
            let place = at + rest.len() as u64;
            rest.extend(text.to_bytes_with_nul());
            place.to_le_bytes()
        };
        // The list comes first, where it is aligned if the place is.
        let members = self.members.as_deref().unwrap_or_default();
        if self.members.is_some() {
            rest.resize(8 * (members.len() + 1), 0);
        }
        for (index, member) in members.iter().enumerate() {
            let place = add(&mut rest, member);
            rest[8 * index..][..8].copy_from_slice(&place);
        }
        for field in &self.fields {
            match field {
                EntryField::Text(text) => structure.extend(add(&mut rest, text)),
                EntryField::Number(number, size) => {
                    structure.extend(&u64::from(*number).to_le_bytes()[..*size]);
                }
            }
        }
        if self.members.is_some() {
            structure.extend(at.to_le_bytes());
        }
        (structure, rest)
    }
}

/// The entry, if there is one. The error is a number as in `errno`.
type FoundEntry = Result<Option<UserEntry>, i32>;

/// A text of the host's, empty if there is none.
///
/// # Safety
/// The pointer is null or to a string.
unsafe fn copied(text: *const c_char) -> CString {
    if text.is_null() {
        return CString::default();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(text) }.to_owned()
}

/// Asks with more and more room for texts. `ask` gets an entry, room and its length, and a place for the address of the entry that it has
/// filled, which stays null where there is none; its result is a number as in `errno`.
fn look_up<T>(
    ask: impl Fn(*mut T, *mut c_char, usize, *mut *mut T) -> i32,
    make: impl FnOnce(&T) -> UserEntry,
) -> FoundEntry {
    let mut room = vec![0_u8; 1024];
    loop {
        let mut entry = MaybeUninit::<T>::uninit();
        let mut found = std::ptr::null_mut();
        let error = ask(
            entry.as_mut_ptr(),
            room.as_mut_ptr().cast(),
            room.len(),
            &mut found,
        );
        match error {
            libc::ERANGE if room.len() < LONGEST_ENTRY => room.resize(2 * room.len(), 0),
            // Systems say in different ways that there is none.
            0 | libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM if found.is_null() => {
                return Ok(None);
            }
            // SAFETY: the call has filled the entry, and says so by its address. Its pointers lead to `room`.
            0 => return Ok(Some(make(unsafe { entry.assume_init_ref() }))),
            error => return Err(error),
        }
    }
}

fn user_of(user: &libc::passwd) -> UserEntry {
    // SAFETY: the entry is filled, so its texts are strings.
    let text = |text| EntryField::Text(unsafe { copied(text) });
    UserEntry {
        fields: vec![
            text(user.pw_name),
            text(user.pw_passwd),
            EntryField::Number(user.pw_uid, 4),
            EntryField::Number(user.pw_gid, 4),
            text(user.pw_gecos),
            text(user.pw_dir),
            text(user.pw_shell),
        ],
        members: None,
    }
}

fn user_by_number(number: u32) -> FoundEntry {
    look_up(
        // SAFETY: the places and the room are there for the call, and the length is that of the room.
        |entry, room, length, found| unsafe {
            libc::getpwuid_r(number, entry, room, length, found)
        },
        user_of,
    )
}

fn user_by_name(name: &CStr) -> FoundEntry {
    look_up(
        // SAFETY: as above, and the name is a string.
        |entry, room, length, found| unsafe {
            libc::getpwnam_r(name.as_ptr(), entry, room, length, found)
        },
        user_of,
    )
}

fn group_of(group: &libc::group) -> UserEntry {
    // SAFETY: as above.
    let text = |text| EntryField::Text(unsafe { copied(text) });
    let mut members = Vec::new();
    let mut next = group.gr_mem;
    // SAFETY: the entry has a list of strings that a null pointer ends.
    unsafe {
        while !next.is_null() && !(*next).is_null() {
            members.push(copied(*next));
            next = next.add(1);
        }
    }
    UserEntry {
        fields: vec![
            text(group.gr_name),
            text(group.gr_passwd),
            EntryField::Number(group.gr_gid, 8),
        ],
        members: Some(members),
    }
}

fn group_by_number(number: u32) -> FoundEntry {
    look_up(
        // SAFETY: as above.
        |entry, room, length, found| unsafe {
            libc::getgrgid_r(number, entry, room, length, found)
        },
        group_of,
    )
}

fn group_by_name(name: &CStr) -> FoundEntry {
    look_up(
        // SAFETY: as above.
        |entry, room, length, found| unsafe {
            libc::getgrnam_r(name.as_ptr(), entry, room, length, found)
        },
        group_of,
    )
}

/// Leaves the address of memory that stays until the next call, with the entry, or 0.
fn give(thread: &mut Thread, found: FoundEntry, place: &'static str) -> Outcome {
    let entry = match found {
        Ok(Some(entry)) => entry,
        Ok(None) => return result(thread, 0),
        Err(error) => {
            set_errno(thread, error);
            return result(thread, 0);
        }
    };
    let Some(place) = thread.lasting(place, || vec![0; ROOM]) else {
        return result(thread, 0);
    };
    let (mut bytes, rest) = entry.bytes(place + entry.size() as u64);
    bytes.extend(rest);
    if bytes.len() > ROOM {
        set_errno(thread, libc::ERANGE);
        return result(thread, 0);
    }
    write(thread.window(), place, &bytes)?;
    result(thread, place)
}

/// Puts the entry where the caller wants it: a place for the structure, room for the rest and its length, a place for the address.
fn give_at(thread: &mut Thread, found: FoundEntry) -> Outcome {
    let [place, room, length, told] = [1, 2, 3, 4].map(|number| word(thread, number));
    load::<8>(thread.window(), told)?;
    let (error, address) = match found {
        Ok(None) => (0, 0),
        Err(error) => (error, 0),
        Ok(Some(entry)) => fill(thread, &entry, place, room, length)?,
    };
    store::<8>(thread.window(), told, address)?;
    result_int(thread, error)
}

fn fill(
    thread: &Thread,
    entry: &UserEntry,
    place: u64,
    room: u64,
    length: u64,
) -> Result<(i32, u64), Failure> {
    // The aligned part of the room is used.
    let start = room.wrapping_add(7) & !7;
    let (structure, rest) = entry.bytes(start);
    let needed = rest.len() as u64 + start.wrapping_sub(room);
    if needed > length {
        return Ok((libc::ERANGE, 0));
    }
    write(thread.window(), start, &rest)?;
    write(thread.window(), place, &structure)?;
    Ok((0, place))
}

/// The name of the user that the program runs for: nobody knows for certain who has logged in.
fn name_of_user() -> Result<CString, i32> {
    // SAFETY: there are no conditions.
    let found = user_by_number(unsafe { libc::getuid() })?;
    match found.and_then(|entry| entry.fields.into_iter().next()) {
        Some(EntryField::Text(name)) if name.as_bytes_with_nul().len() <= LONGEST_NAME => Ok(name),
        _ => Err(libc::ENOENT),
    }
}
