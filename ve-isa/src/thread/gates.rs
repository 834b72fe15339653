//! The ways out of machine code.
//!
//! Gates are addresses in a range that is never mapped: the first is where calls from outside return to, each of the others stands for a
//! function of the host.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use super::HostFunction;
use super::members::Members;
use super::templates::Templates;
use crate::memory::{MemoryError, Protection, Window};
use crate::process::Process;

/// Bytes of address space for gates, 8 for each.
const GATES: u64 = 8 << 20;

#[derive(Debug, Clone)]
pub(super) enum Gate {
    Home,
    Function(Arc<str>, HostFunction),
    /// Nobody has a function of this name.
    Missing(Arc<str>),
}

#[derive(Debug)]
struct GateList {
    gates: Vec<Gate>,
    /// The index of each name.
    names: HashMap<Arc<str>, usize>,
}

/// The ways out of machine code, the state of the functions behind them, and the knowledge of threads about each other and images.
#[derive(Debug)]
pub struct Gates {
    pub(super) range: Range<u64>,
    list: RwLock<GateList>,
    pub(super) system_call: HostFunction,
    pub(super) take_signals: HostFunction,
    process: Process,
    pub(super) members: Members,
    pub(super) templates: Templates,
}

impl Gates {
    /// Takes addresses for them. `system_call` does what `monc` asks for, `take_signals` what the program wants done with signals that other
    /// threads have sent to the calling one.
    ///
    /// # Errors
    /// The window is full.
    pub fn new(
        window: &Window,
        system_call: HostFunction,
        take_signals: HostFunction,
    ) -> Result<Self, MemoryError> {
        Ok(Self {
            range: window.map(GATES, Protection::None)?,
            list: RwLock::new(GateList {
                gates: vec![Gate::Home],
                names: HashMap::new(),
            }),
            system_call,
            take_signals,
            process: Process::new(window)?,
            members: Members::default(),
            templates: Templates::default(),
        })
    }

    /// The state that functions of the host keep.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// Ends the threads that machine code has created.
    pub(crate) fn end_threads(&self) {
        self.members.end_all();
    }

    /// Code is gone: all threads drop what they have decoded.
    pub(crate) fn forget_code(&self) {
        self.members.forget_code();
    }

    /// First values of thread-local variables.
    pub(crate) fn templates(&self) -> &Templates {
        &self.templates
    }

    /// The address of a function of the host.
    pub fn function(&self, name: &str, function: HostFunction) -> Option<u64> {
        self.add(name, |name| Gate::Function(name, function))
    }

    /// The address of the function that was given this name.
    #[must_use]
    pub fn known(&self, name: &str) -> Option<u64> {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        let index = *list.names.get(name)?;
        let is_function = matches!(list.gates[index], Gate::Function(..));
        is_function.then_some(self.range.start + 8 * index as u64)
    }

    /// An address that traps by this name when it is called.
    pub fn missing(&self, name: &str) -> Option<u64> {
        self.add(name, Gate::Missing)
    }

    fn add(&self, name: &str, gate: impl FnOnce(Arc<str>) -> Gate) -> Option<u64> {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = list.names.get(name) {
            return Some(self.range.start + 8 * *index as u64);
        }
        let index = list.gates.len();
        let address = self.range.start + 8 * index as u64;
        if !self.range.contains(&address) {
            return None;
        }
        let name: Arc<str> = name.into();
        list.names.insert(name.clone(), index);
        list.gates.push(gate(name));
        Some(address)
    }

    /// The name of the function of the host that has this address.
    #[must_use]
    pub fn name(&self, address: u64) -> Option<String> {
        match self.get(address)? {
            Gate::Home => None,
            Gate::Function(name, _) | Gate::Missing(name) => Some(name.to_string()),
        }
    }

    /// The name that an address of [`missing`](Self::missing) stands for.
    pub(super) fn missing_name(&self, address: u64) -> Option<String> {
        match self.get(address)? {
            Gate::Missing(name) => Some(name.to_string()),
            Gate::Home | Gate::Function(..) => None,
        }
    }

    pub(super) fn get(&self, address: u64) -> Option<Gate> {
        if address == self.range.start {
            return Some(Gate::Home);
        }
        if !self.range.contains(&address) || !address.is_multiple_of(8) {
            return None;
        }
        let index = ((address - self.range.start) / 8) as usize;
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        list.gates.get(index).cloned()
    }
}
