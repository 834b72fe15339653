//! Regular expressions of the host's C library, by the numbers that stand for them.

use std::collections::HashMap;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A regular expression.
pub(crate) struct Regex {
    /// Its place never changes: the C library may keep addresses in it.
    compiled: Box<libc::regex_t>,
    groups: usize,
    size: u64,
    looks_back: bool,
    tells_no_places: bool,
}

// SAFETY: the C library's functions may use an expression from all threads; they lock what they change of it.
unsafe impl Send for Regex {}
// SAFETY: as above.
unsafe impl Sync for Regex {}

impl std::fmt::Debug for Regex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Regex").finish_non_exhaustive()
    }
}

/// The flag of an expression that tells only whether something was found.
const NO_PLACES: i32 = 8;

/// The place that was found: its begin and end, then those of its groups.
pub(crate) type FoundPlaces = Vec<(i32, i32)>;

impl Regex {
    /// The error is the C library's number. `size` is how large the caller thinks that it is.
    pub(crate) fn new(pattern: &CStr, flags: i32, size: u64) -> Result<Self, i32> {
        let mut place = Box::new(MaybeUninit::<libc::regex_t>::zeroed());
        // SAFETY: the place has room, and the pattern is a string.
        let error = unsafe { libc::regcomp(place.as_mut_ptr(), pattern.as_ptr(), flags) };
        if error != 0 {
            // The call has freed all that it made.
            return Err(error);
        }
        // SAFETY: the call succeeded, so it has made an expression in the place. The box stays the same.
        let compiled = unsafe { Box::from_raw(Box::into_raw(place).cast::<libc::regex_t>()) };
        let bytes = pattern.to_bytes();
        Ok(Self {
            groups: groups(&compiled),
            compiled,
            size,
            looks_back: bytes
                .windows(2)
                .any(|two| two[0] == b'\\' && two[1].is_ascii_digit()),
            tells_no_places: flags & NO_PLACES != 0,
        })
    }

    /// How many groups it has.
    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    /// How large the maker thought that it is.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether it may name what a group has found. Then a search may take any time.
    pub(crate) fn looks_back(&self) -> bool {
        self.looks_back
    }

    /// Whether it tells only that something was found.
    pub(crate) fn tells_no_places(&self) -> bool {
        self.tells_no_places
    }

    /// Searches a text, or a range in it that ends with the text. The result is the C library's number, and so many places as are wanted.
    pub(crate) fn search(
        &self,
        text: &[u8],
        range: Option<(i32, i32)>,
        wanted: usize,
        flags: i32,
    ) -> (i32, FoundPlaces) {
        let mut text = text.to_vec();
        text.push(0);
        let mut places: Vec<libc::regmatch_t> = Vec::new();
        let none = libc::regmatch_t {
            rm_so: -1,
            rm_eo: -1,
        };
        places.resize(wanted.max(1), none);
        if let Some((start, end)) = range {
            places[0].rm_so = start;
            places[0].rm_eo = end;
        }
        // SAFETY: the expression is one, the text ends with a 0, and there are at least so many places. The range, which is in the first
        // of them, ends with the text. The library locks what it changes of the expression.
        let error = unsafe {
            libc::regexec(
                &raw const *self.compiled,
                text.as_ptr().cast(),
                wanted,
                places.as_mut_ptr(),
                flags,
            )
        };
        places.truncate(wanted);
        let places = places.into_iter().map(|place| (place.rm_so, place.rm_eo));
        (error, places.collect())
    }
}

/// How many groups an expression has. It is a field that all C libraries have, at different places.
#[cfg(target_env = "gnu")]
fn groups(regex: &libc::regex_t) -> usize {
    const PLACE: usize = 48;
    const { assert!(size_of::<libc::regex_t>() >= PLACE + 8) };
    // SAFETY: the field is in the expression, and any bits are a number.
    unsafe { (&raw const *regex).byte_add(PLACE).cast::<usize>().read() }
}

#[cfg(not(target_env = "gnu"))]
fn groups(regex: &libc::regex_t) -> usize {
    // The first field of all others.
    // SAFETY: as above.
    unsafe { (&raw const *regex).cast::<usize>().read() }
}

impl Drop for Regex {
    fn drop(&mut self) {
        // SAFETY: it is an expression, and nobody uses it any more.
        unsafe { libc::regfree(&raw mut *self.compiled) };
    }
}

/// The expressions of a machine.
#[derive(Debug, Default)]
pub(crate) struct Regexes(Mutex<KnownRegexes>);

#[derive(Debug, Default)]
struct KnownRegexes {
    by_number: HashMap<u64, Arc<Regex>>,
    made: u64,
}

/// In the numbers, so that other memory is hardly taken for one.
const MARK: u64 = 0x7665_7265 << 32;

impl Regexes {
    fn lock(&self) -> MutexGuard<'_, KnownRegexes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an expression; the result is its number.
    pub(crate) fn add(&self, regex: Arc<Regex>) -> u64 {
        let mut known = self.lock();
        known.made += 1;
        let number = MARK | known.made & 0xffff_ffff;
        known.by_number.insert(number, regex);
        number
    }

    pub(crate) fn get(&self, number: u64) -> Option<Arc<Regex>> {
        self.lock().by_number.get(&number).cloned()
    }

    /// Forgets an expression. It goes with its last user.
    pub(crate) fn remove(&self, number: u64) {
        self.lock().by_number.remove(&number);
    }
}
