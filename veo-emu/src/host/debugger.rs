//! A debugger on a VE process, if `VEO_DEBUG` asks for one: `console` for one in the
//! program's terminal, `xterm` for one in a window of its own.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::node;
use crate::error::{Error, Result};

/// How long it may take to attach.
const PATIENCE: Duration = Duration::from_secs(60);

/// The debugger that is wanted.
pub(crate) enum Debugger {
    Console,
    Xterm,
}

impl Debugger {
    /// What the variable asks for.
    pub(crate) fn wanted() -> Option<Debugger> {
        match node::variable("VEO_DEBUG")?.trim() {
            "console" => Some(Debugger::Console),
            "xterm" => Some(Debugger::Xterm),
            _ => None,
        }
    }

    /// Starts it and waits until it has stopped the process. The user continues it.
    pub(crate) fn attach(&self, pid: libc::pid_t) -> Result<()> {
        let mut command = match self {
            Debugger::Console => Command::new("gdb"),
            Debugger::Xterm => {
                let mut command = Command::new("xterm");
                command.args(["-e", "gdb"]);
                command
            }
        };
        let mut child = command
            .arg("-p")
            .arg(pid.to_string())
            .spawn()
            .map_err(|error| Error::io("VEO_DEBUG asks for a debugger; starting it", &error))?;
        let end = Instant::now() + PATIENCE;
        while !is_traced(pid) && !has_ended(&mut child) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

fn has_ended(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

fn is_traced(pid: libc::pid_t) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| {
        status
            .lines()
            .filter_map(|line| line.strip_prefix("TracerPid:"))
            .any(|tracer| tracer.trim() != "0")
    })
}
