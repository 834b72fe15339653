//! Keys of thread-specific values.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many keys there can be.
const KEYS: usize = 1024;

/// The keys in use, and the values of each thread.
#[derive(Debug, Default)]
pub(crate) struct Keys(Mutex<KeyTable>);

/// Keys and values.
#[derive(Debug, Default)]
pub(crate) struct KeyTable {
    /// The function that each key has for a thread's end, 0 for none.
    destructors: Vec<Option<u64>>,
    values: HashMap<(u64, usize), u64>,
}

impl Keys {
    pub(crate) fn lock(&self) -> MutexGuard<'_, KeyTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyTable {
    /// A new key.
    pub(crate) fn create(&mut self, destructor: u64) -> Option<usize> {
        let free = self.destructors.iter().position(Option::is_none);
        if let Some(key) = free {
            self.destructors[key] = Some(destructor);
            return Some(key);
        }
        if self.destructors.len() == KEYS {
            return None;
        }
        self.destructors.push(Some(destructor));
        Some(self.destructors.len() - 1)
    }

    /// Gives a key up. The result says whether there was such a key.
    pub(crate) fn delete(&mut self, key: usize) -> bool {
        self.values.retain(|(_, of), _| *of != key);
        self.destructors
            .get_mut(key)
            .is_some_and(|destructor| destructor.take().is_some())
    }

    pub(crate) fn get(&self, thread: u64, key: usize) -> u64 {
        self.values.get(&(thread, key)).copied().unwrap_or(0)
    }

    /// Takes the value of a thread with the first key, from this one on, that has a destructor: the key, the destructor, the value.
    pub(crate) fn take(&mut self, thread: u64, from: usize) -> Option<(usize, u64, u64)> {
        let destructors = self.destructors.iter().enumerate().skip(from);
        let (key, destructor) = destructors
            .filter_map(|(key, destructor)| Some((key, (*destructor).filter(|to| *to != 0)?)))
            .find(|(key, _)| self.get(thread, *key) != 0)?;
        let value = self.values.remove(&(thread, key))?;
        Some((key, destructor, value))
    }

    /// Forgets the values of a thread that has ended.
    pub(crate) fn forget(&mut self, thread: u64) {
        self.values.retain(|(owner, _), _| *owner != thread);
    }

    /// The result says whether there is such a key.
    pub(crate) fn set(&mut self, thread: u64, key: usize, value: u64) -> bool {
        if !self.destructors.get(key).is_some_and(Option::is_some) {
            return false;
        }
        self.values.insert((thread, key), value);
        true
    }
}
