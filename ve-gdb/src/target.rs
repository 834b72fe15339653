//! The threads as `gdbstub` sees them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use gdbstub::common::{Signal, Tid};
use gdbstub::outputln;
use gdbstub::stub::MultiThreadStopReason;
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::multithread::{
    MultiThreadBase, MultiThreadResume, MultiThreadResumeOps, MultiThreadSchedulerLocking,
    MultiThreadSchedulerLockingOps, MultiThreadSingleStep, MultiThreadSingleStepOps,
};
use gdbstub::target::ext::base::single_register_access::{
    SingleRegisterAccess, SingleRegisterAccessOps,
};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwBreakpoint, HwBreakpointOps, HwWatchpoint, HwWatchpointOps,
    SwBreakpoint, SwBreakpointOps, WatchKind,
};
use gdbstub::target::ext::monitor_cmd::{ConsoleOutput, MonitorCmd, MonitorCmdOps};
use gdbstub::target::ext::thread_extra_info::{ThreadExtraInfo, ThreadExtraInfoOps};
use gdbstub::target::{Target, TargetError, TargetResult};
use ve_isa::encoding::disassemble;

use crate::registers::{self, PlainRegisters, Register, VectorEngine};
use crate::threads::{StopReason, ThreadAction, ThreadStop, Threads};

/// The most bytes that are read with one look.
const PAGE: u64 = 4096;

/// The commands beside the protocol.
const HELP: &str = "monitor symbol NAME: the address of a function or variable\n\
                    monitor at ADDRESS [COUNT]: the instructions there, with their function";

/// How many instructions `monitor at` shows at most.
const MOST_SHOWN: u64 = 1000;

/// The threads, and what they are to do next.
pub(crate) struct Debuggee {
    threads: Arc<Threads>,
    actions: BTreeMap<usize, ThreadAction>,
    /// The action of a thread that has none of its own.
    usual: ThreadAction,
}

impl Debuggee {
    pub(crate) fn new(threads: Arc<Threads>) -> Self {
        Self {
            threads,
            actions: BTreeMap::new(),
            usual: ThreadAction::Continue,
        }
    }

    pub(crate) fn threads(&self) -> &Threads {
        &self.threads
    }
}

/// A stop in the words of the protocol.
pub(crate) fn told(stop: ThreadStop) -> MultiThreadStopReason<u64> {
    let tid = Tid::new(stop.thread).unwrap_or(Tid::MIN);
    let by = |signal| MultiThreadStopReason::SignalWithThread { tid, signal };
    match stop.reason {
        StopReason::Begin | StopReason::Step => by(Signal::SIGTRAP),
        StopReason::Interrupt => by(Signal::SIGINT),
        StopReason::Breakpoint => MultiThreadStopReason::SwBreak(tid),
        StopReason::Watch(addr) => MultiThreadStopReason::Watch {
            tid,
            kind: WatchKind::Write,
            addr,
        },
        StopReason::Fault(number) => by(signal(number)),
    }
}

/// A signal of the host; the protocol has numbers of its own.
pub(crate) fn signal(number: i32) -> Signal {
    match number {
        libc::SIGILL => Signal::SIGILL,
        libc::SIGTRAP => Signal::SIGTRAP,
        libc::SIGABRT => Signal::SIGABRT,
        libc::SIGBUS => Signal::SIGBUS,
        libc::SIGFPE => Signal::SIGFPE,
        libc::SIGKILL => Signal::SIGKILL,
        libc::SIGSEGV => Signal::SIGSEGV,
        libc::SIGTERM => Signal::SIGTERM,
        libc::SIGINT => Signal::SIGINT,
        libc::SIGUSR1 => Signal::SIGUSR1,
        libc::SIGUSR2 => Signal::SIGUSR2,
        _ => Signal::UNKNOWN,
    }
}

impl Target for Debuggee {
    type Arch = VectorEngine;
    type Error = Infallible;

    fn base_ops(&mut self) -> BaseOps<'_, VectorEngine, Infallible> {
        BaseOps::MultiThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }

    fn support_monitor_cmd(&mut self) -> Option<MonitorCmdOps<'_, Self>> {
        Some(self)
    }
}

impl MultiThreadBase for Debuggee {
    fn read_registers(&mut self, regs: &mut PlainRegisters, tid: Tid) -> TargetResult<(), Self> {
        *regs = PlainRegisters(self.threads.plain_registers(tid.get()));
        Ok(())
    }

    fn write_registers(&mut self, regs: &PlainRegisters, tid: Tid) -> TargetResult<(), Self> {
        let words = regs.0.ok_or(TargetError::NonFatal)?;
        let set = |cpu: &mut _| registers::set_all_plain(cpu, &words);
        let is_set = self.threads.with_registers(tid.get(), set);
        is_set
            .filter(|is_set| *is_set)
            .map(drop)
            .ok_or(TargetError::NonFatal)
    }

    fn support_single_register_access(&mut self) -> Option<SingleRegisterAccessOps<'_, Tid, Self>> {
        Some(self)
    }

    fn read_addrs(&mut self, start: u64, data: &mut [u8], _: Tid) -> TargetResult<usize, Self> {
        let window = self.threads.machine().window();
        let mut done = 0;
        while done < data.len() {
            let at = start.wrapping_add(done as u64);
            let rest = (PAGE - at % PAGE).min((data.len() - done) as u64) as usize;
            if window.read(at, &mut data[done..done + rest]).is_err() {
                break;
            }
            done += rest;
        }
        if done == 0 && !data.is_empty() {
            return Err(TargetError::Errno(libc::EFAULT as u8));
        }
        Ok(done)
    }

    fn write_addrs(&mut self, start: u64, data: &[u8], _: Tid) -> TargetResult<(), Self> {
        let written = self.threads.machine().window().write(start, data);
        written.map_err(|_| TargetError::Errno(libc::EFAULT as u8))
    }

    fn list_active_threads(&mut self, each: &mut dyn FnMut(Tid)) -> Result<(), Infallible> {
        let numbers = self.threads.numbers();
        numbers.into_iter().filter_map(Tid::new).for_each(each);
        Ok(())
    }

    fn support_resume(&mut self) -> Option<MultiThreadResumeOps<'_, Self>> {
        Some(self)
    }

    fn support_thread_extra_info(&mut self) -> Option<ThreadExtraInfoOps<'_, Self>> {
        Some(self)
    }
}

impl SingleRegisterAccess<Tid> for Debuggee {
    fn read_register(
        &mut self,
        tid: Tid,
        register: Register,
        buf: &mut [u8],
    ) -> TargetResult<usize, Self> {
        if let Some(number) = register.plain() {
            let Some(words) = self.threads.plain_registers(tid.get()) else {
                return Ok(0);
            };
            buf.copy_from_slice(&words[number].to_le_bytes());
            return Ok(buf.len());
        }
        let read = |cpu: &mut _| register.read(cpu, buf);
        Ok(self.threads.with_registers(tid.get(), read).unwrap_or(0))
    }

    fn write_register(
        &mut self,
        tid: Tid,
        register: Register,
        value: &[u8],
    ) -> TargetResult<(), Self> {
        let write = |cpu: &mut _| register.write(cpu, value);
        let is_set = self.threads.with_registers(tid.get(), write);
        is_set
            .filter(|is_set| *is_set)
            .map(drop)
            .ok_or(TargetError::NonFatal)
    }
}

impl MultiThreadResume for Debuggee {
    fn resume(&mut self) -> Result<(), Infallible> {
        self.threads.resume(&self.actions, self.usual);
        Ok(())
    }

    fn clear_resume_actions(&mut self) -> Result<(), Infallible> {
        self.actions.clear();
        self.usual = ThreadAction::Continue;
        Ok(())
    }

    fn set_resume_action_continue(
        &mut self,
        tid: Tid,
        _: Option<Signal>,
    ) -> Result<(), Infallible> {
        self.actions.insert(tid.get(), ThreadAction::Continue);
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<MultiThreadSingleStepOps<'_, Self>> {
        Some(self)
    }

    fn support_scheduler_locking(&mut self) -> Option<MultiThreadSchedulerLockingOps<'_, Self>> {
        Some(self)
    }
}

impl MultiThreadSingleStep for Debuggee {
    fn set_resume_action_step(&mut self, tid: Tid, _: Option<Signal>) -> Result<(), Infallible> {
        self.actions.insert(tid.get(), ThreadAction::Step);
        Ok(())
    }
}

impl MultiThreadSchedulerLocking for Debuggee {
    fn set_resume_action_scheduler_lock(&mut self) -> Result<(), Infallible> {
        self.usual = ThreadAction::Hold;
        Ok(())
    }
}

impl ThreadExtraInfo for Debuggee {
    fn thread_extra_info(&self, tid: Tid, buf: &mut [u8]) -> Result<usize, Infallible> {
        let text = self.threads.describe(tid.get());
        let pairs = buf.iter_mut().zip(text.bytes());
        Ok(pairs.map(|(to, byte)| *to = byte).count())
    }
}

impl Breakpoints for Debuggee {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for Debuggee {
    fn add_sw_breakpoint(&mut self, addr: u64, _: usize) -> TargetResult<bool, Self> {
        Ok(self.threads.add_breakpoint(addr))
    }

    fn remove_sw_breakpoint(&mut self, addr: u64, _: usize) -> TargetResult<bool, Self> {
        Ok(self.threads.remove_breakpoint(addr))
    }
}

/// No code is changed for either kind, so they are the same.
impl HwBreakpoint for Debuggee {
    fn add_hw_breakpoint(&mut self, addr: u64, kind: usize) -> TargetResult<bool, Self> {
        self.add_sw_breakpoint(addr, kind)
    }

    fn remove_hw_breakpoint(&mut self, addr: u64, kind: usize) -> TargetResult<bool, Self> {
        self.remove_sw_breakpoint(addr, kind)
    }
}

impl HwWatchpoint for Debuggee {
    fn add_hw_watchpoint(
        &mut self,
        addr: u64,
        len: u64,
        kind: WatchKind,
    ) -> TargetResult<bool, Self> {
        Ok(kind == WatchKind::Write && self.threads.add_watch(addr, len))
    }

    fn remove_hw_watchpoint(
        &mut self,
        addr: u64,
        len: u64,
        kind: WatchKind,
    ) -> TargetResult<bool, Self> {
        Ok(kind == WatchKind::Write && self.threads.remove_watch(addr, len))
    }
}

impl MonitorCmd for Debuggee {
    fn handle_monitor_cmd(
        &mut self,
        command: &[u8],
        mut out: ConsoleOutput<'_>,
    ) -> Result<(), Infallible> {
        let text = String::from_utf8_lossy(command);
        let words: Vec<&str> = text.split_whitespace().collect();
        let said = match *words {
            ["symbol", name] => self.symbol(name),
            ["at", address] => self.instructions(address, "1"),
            ["at", address, count] => self.instructions(address, count),
            _ => HELP.to_owned(),
        };
        outputln!(out, "{said}");
        Ok(())
    }
}

impl Debuggee {
    fn symbol(&self, name: &str) -> String {
        match self.threads.machine().symbol(name) {
            Some(address) => format!("{address:#x}"),
            None => format!("no loaded image defines {name}"),
        }
    }

    fn instructions(&self, address: &str, count: &str) -> String {
        let number = |text: &str| match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        let (Some(start), Some(count)) = (number(address), number(count)) else {
            return HELP.to_owned();
        };
        let machine = self.threads.machine();
        let mut lines = Vec::new();
        for index in 0..count.min(MOST_SHOWN) {
            let at = start.wrapping_add(8 * index);
            if !machine.is_instruction(at) {
                lines.push(format!("{at:#x}: no code"));
                break;
            }
            let word = machine.window().load::<8>(at).ok();
            let text = word
                .and_then(disassemble)
                .unwrap_or_else(|| "<unknown>".into());
            let place = machine
                .describe(at)
                .map_or_else(String::new, |place| format!(" <{place}>"));
            lines.push(format!("{at:#x}{place}: {text}"));
        }
        lines.join("\n")
    }
}
