//! NEC's library: substitutes for the functions of `veo_emu.h` that it lacks, and ways around its
//! traps.

use std::ffi::{CStr, OsString, c_int, c_void};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use veo_abi::build_dir::{VE1, VE1_LLVM, VE3};
use veo_abi::environment::VE_OMP_NUM_THREADS;
use veo_abi::ffi::{self, VeoApi, veo_emu_options, veo_proc_handle, veo_thr_ctxt};
use veo_debuginfo::elf;

use super::children::{self, Child};
use super::exit;
use super::nodes;
use super::on_host::{OnHost, alone};
use crate::backend::extension::{Extension, Kept, NodeCode, ProcessExtension};
use crate::backend::poll::poll;
use crate::backend::short_path::Shortened;
use crate::error::{Error, Fault, Result};

/// Says how many threads OpenMP may use on the VE.
const OMP_THREADS: &str = VE_OMP_NUM_THREADS.name();

/// A library that has libveo's functions alone.
#[derive(Clone)]
pub(in crate::backend) struct Bare {
    table: VeoApi,
    /// The library, as messages name it.
    name: String,
}

impl Bare {
    pub(in crate::backend) fn new(table: &VeoApi, name: &str) -> Bare {
        Bare {
            table: *table,
            name: name.to_owned(),
        }
    }

    fn missing(&self, function: &'static str, needed_for: &'static str) -> Error {
        Error::MissingFunction {
            function,
            library: self.name.clone(),
            needed_for,
        }
    }

    /// Fails for options that a card does not have.
    ///
    /// # Safety
    ///
    /// The strings of the options are terminated.
    unsafe fn check_options(&self, node: i32, options: &veo_emu_options) -> Result<()> {
        // SAFETY: not null, and the caller vouches for the string.
        let check = (!options.check.is_null()).then(|| unsafe { CStr::from_ptr(options.check) });
        let refused = [
            ("memory", options.memory != 0),
            ("time_limit", options.time_limit_ms != 0),
            ("stdout", options.output.is_some()),
            ("schedule", !options.schedule.is_null()),
            ("guard", options.guard > u64::from(ffi::VEO_EMU_GUARD_OFF)),
            (
                "profile",
                options.profile > u64::from(ffi::VEO_EMU_PROFILE_OFF),
            ),
            ("check", check.is_some_and(|check| check != c"off")),
        ];
        if let Some((name, _)) = refused.iter().find(|(_, set)| *set) {
            return Err(Error::ProcessStart {
                node,
                reason: format!(
                    "the setting `{name}` is for the emulated node, not {}",
                    self.name
                ),
            });
        }
        match options.omp_threads {
            0 => Ok(()),
            threads => self.check_omp_threads(node, threads),
        }
    }

    /// libveo takes the number of OpenMP's threads from the environment of the program, which
    /// is not ours to change.
    fn check_omp_threads(&self, node: i32, threads: u32) -> Result<()> {
        let set = VE_OMP_NUM_THREADS.unguarded();
        let has = set
            .as_deref()
            .and_then(|text| text.to_str()?.trim().parse().ok());
        if has == Some(threads) {
            return Ok(());
        }
        let is = set.map_or("not set".into(), |text| format!("{text:?}"));
        Err(Error::ProcessStart {
            node,
            reason: format!(
                "{threads} threads of OpenMP were asked for (`omp_threads`), but {OMP_THREADS}, \
                 from which {} takes the number, is {is}; start the program with \
                 {OMP_THREADS}={threads}",
                self.name
            ),
        })
    }
}

impl Extension for Bare {
    /// The library may run those of all contexts on one thread.
    fn host_functions_may_wait(&self) -> bool {
        false
    }

    /// libveo prints what it has to say.
    fn last_error(&self) -> Option<String> {
        None
    }

    fn check_node(&self, node: i32) -> Result<()> {
        if children::are_reaped() {
            return Err(Error::ProcessStart {
                node,
                reason: "SIGCHLD is ignored in this program, so libveo could never notice the \
                         end of the VE process; restore its default action first"
                    .into(),
            });
        }
        Ok(())
    }

    fn nodes(&self) -> Result<Vec<i32>> {
        Ok(nodes::numbers(&self.table))
    }

    fn node_memory(&self, node: i32) -> (Option<u64>, Option<u64>) {
        (nodes::memory(node), None)
    }

    fn code(&self, node: i32) -> NodeCode {
        // SAFETY: no preconditions; an unknown node is answered with an error.
        let arch = self.table.veo_get_ve_arch.map(|arch| unsafe { arch(node) });
        NodeCode {
            targets: match arch {
                Some(3) => &[VE3],
                _ => &[VE1, VE1_LLVM],
            },
            machines: vec![elf::VE],
        }
    }

    unsafe fn create(&self, node: i32, options: &veo_emu_options) -> Result<*mut veo_proc_handle> {
        // SAFETY: the caller vouches for the options.
        unsafe { self.check_options(node, options)? };
        if options.veorun.is_null() {
            let Some(create) = self.table.veo_proc_create else {
                return Err(self.missing("veo_proc_create", "a process"));
            };
            // SAFETY: no preconditions.
            return Ok(unsafe { create(node) });
        }
        let Some(create) = self.table.veo_proc_create_static else {
            return Err(self.missing("veo_proc_create_static", "a static veorun"));
        };
        // SAFETY: the caller vouches for the path, a terminated string, which is only read.
        Ok(unsafe { create(node, options.veorun.cast_mut()) })
    }

    unsafe fn process(
        &self,
        process: *mut veo_proc_handle,
        main: *mut veo_thr_ctxt,
    ) -> Arc<dyn ProcessExtension> {
        // SAFETY: the caller vouches for the process.
        let (node, on_host) = unsafe {
            let tagged = self.tagged(process);
            (self.node_of(tagged), self.on_host(tagged))
        };
        let child = Child::new(on_host, main, self.table.veo_call_peek_result);
        exit::prepare();
        Arc::new(BareProcess {
            library: self.clone(),
            process,
            node,
            child,
            omp_threads: VE_OMP_NUM_THREADS.unguarded(),
        })
    }

    fn shorten(&self, path: &Path) -> io::Result<Option<Shortened>> {
        Shortened::new(path).map(Some)
    }

    unsafe fn load_library(&self, process: *mut veo_proc_handle, path: &CStr) -> Result<u64> {
        let Some(load) = self.table.veo_load_library else {
            return Err(self.missing("veo_load_library", "loading a library"));
        };
        // SAFETY: the caller vouches for the process.
        Ok(unsafe { load(process, path.as_ptr()) })
    }

    unsafe fn wait_result(
        &self,
        context: *mut veo_thr_ctxt,
        request: u64,
        word: &mut u64,
        until: Instant,
    ) -> c_int {
        // SAFETY: the caller vouches for the context.
        unsafe { poll(&self.table, context, request, word, Some(until)) }
    }

    fn enter(&self) -> Option<Kept> {
        Some(Kept::new(exit::enter()))
    }
}

impl Bare {
    /// An address that carries the identifier of a process. Nothing lies there.
    ///
    /// # Safety
    ///
    /// The process is there.
    unsafe fn tagged(&self, process: *mut veo_proc_handle) -> Option<*mut c_void> {
        let identify = self.table.veo_proc_identifier?;
        let tag = self.table.veo_set_proc_identifier?;
        // SAFETY: the caller vouches for the process; the address is no more than marked.
        let tagged = unsafe { tag(8 as *mut c_void, identify(process)) };
        (!tagged.is_null()).then_some(tagged)
    }

    /// The number of the node that a process lies on.
    ///
    /// # Safety
    ///
    /// `tagged` carries the identifier of a process that is there.
    unsafe fn node_of(&self, tagged: Option<*mut c_void>) -> Option<i32> {
        let node = self.table.veo_get_venum_from_hmem?;
        // SAFETY: the caller vouches for the tag; the address is only taken apart.
        let node = unsafe { node(tagged?) };
        (node >= 0).then_some(node)
    }

    /// The VE process on the host.
    ///
    /// # Safety
    ///
    /// As for `node_of`.
    unsafe fn on_host(&self, tagged: Option<*mut c_void>) -> Option<OnHost> {
        let pid = self.table.veo_get_pid_from_hmem?;
        // SAFETY: as in `node_of`.
        let pid = unsafe { pid(tagged?) };
        OnHost::new(pid)
    }
}

/// A process of a library that has libveo's functions alone.
struct BareProcess {
    library: Bare,
    process: *mut veo_proc_handle,
    node: Option<i32>,
    child: Arc<Child>,
    /// The value of `VE_OMP_NUM_THREADS` when the process was created.
    omp_threads: Option<OsString>,
}

// SAFETY: the handle is an opaque token, which any thread may pass to the library; it is used
// once, to destroy the process.
unsafe impl Send for BareProcess {}
// SAFETY: as above.
unsafe impl Sync for BareProcess {}

impl ProcessExtension for BareProcess {
    fn node(&self) -> Option<i32> {
        self.node
    }

    fn core(&self) -> Option<u32> {
        None
    }

    fn kill(&self, name: &dyn std::fmt::Display) -> Result<()> {
        match self.child.kill() {
            Some(Ok(())) => return Ok(()),
            // An old libveo cannot be asked which process it is on the host.
            None if self.library.table.veo_get_pid_from_hmem.is_none() => {
                let needed_for = "killing a VE process";
                return Err(self.library.missing("veo_get_pid_from_hmem", needed_for));
            }
            Some(Err(reason)) => Err(reason),
            None => Err("the library does not tell which process of the host it is".into()),
        }
        .map_err(|reason| Error::Command {
            what: format!("killing {name}"),
            reason: Some(reason),
        })
    }

    fn ended_by(&self, failed: bool) -> Option<(Fault, Option<u64>)> {
        // libveo fails a kernel only when its process is gone.
        (failed || self.child.has_ended()).then(|| (Fault::default(), None))
    }

    unsafe fn prepare_context(&self) -> Result<Option<Kept>> {
        if VE_OMP_NUM_THREADS.unguarded() != self.omp_threads {
            return Err(Error::ContextOpen {
                reason: "VE_OMP_NUM_THREADS was changed after the process was created, which \
                         libveo does not survive; set it before the program starts"
                    .into(),
            });
        }
        let alone = alone();
        // SAFETY: the main context is held exclusively, as the caller promises.
        unsafe { self.child.look() };
        // If it has ended the attempt says so.
        if !self.child.has_ended() {
            children::settle()?;
        }
        Ok(Some(Kept::new(alone)))
    }

    fn context_opened(&self) {
        self.child.context_opened();
    }

    fn context_closed(&self) {
        self.child.context_closed();
    }

    fn main_stands_in(&self) -> Option<&'static str> {
        Some(if self.omp_threads.as_deref() == Some("1".as_ref()) {
            "libveo gave no further context; see its messages above"
        } else {
            "libveo gave no further context, and the main one is in use already; see its \
             messages above. Some versions give more only if the program was started with \
             VE_OMP_NUM_THREADS=1"
        })
    }

    fn end_waits_for_kernels(&self) -> bool {
        true
    }

    fn given_up(&self) {
        self.child.set_given_up();
    }

    unsafe fn destroy(&self, contexts: &[*mut veo_thr_ctxt]) -> bool {
        self.child.set_destroyed();
        let alone = alone();
        if self.child.has_ended() {
            for context in contexts {
                // SAFETY: the caller vouches for the contexts, which nobody else uses.
                unsafe { self.child.look_through(*context) };
            }
        }
        let destroyed = self.library.table.veo_proc_destroy.is_some_and(|destroy| {
            // SAFETY: nobody uses the process or a context of it any more, and this is done
            // once, on the thread that created it, as the caller promises.
            unsafe { destroy(self.process) == 0 }
        });
        self.child.wait_for();
        drop(alone);
        destroyed
    }
}
