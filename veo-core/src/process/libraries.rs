//! Loading libraries, looking symbols up in them, and unloading them while other threads go on
//! calling.
//!
//! A library that is unloaded is `leaving` first: its kernels have no address any more, and a
//! thread that calls one waits to load the library anew. Then the unloading thread waits for the
//! calls that use it, in each context's table of requests. Last it unloads the library with the
//! main context held, where synchronous calls are made.

use std::ffi::CString;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use veo_abi::limits::MAX_NAME;

use super::loaded::{LibraryFile, LoadedLibrary};
use super::search::{self, FoundLibrary};
use super::shared::ProcShared;
use super::symbols;
use crate::backend::{NodeCode, Shortened, c_path, need};
use crate::error::{Error, Result};
use crate::queue::{Exclusive, may_hold_up_unloading, while_unloading};
use crate::session::LibraryCode;

impl ProcShared {
    /// The file that `path` names, or a file name is found for.
    pub(crate) fn find_file(&self, path: &Path) -> Result<FoundLibrary> {
        match path.to_str() {
            Some(name) => search::find(name, None, &self.runs()),
            None if path.components().count() > 1 => search::at(path),
            // A declaration cannot name it either.
            None => Err(Error::LibraryNotFound {
                name: path.display().to_string(),
                searched: Vec::new(),
                hint: ": its name is not UTF-8; give its path".into(),
            }),
        }
    }

    /// The machine code that the process can run.
    pub(super) fn runs(&self) -> NodeCode {
        self.core.api.extension.code(self.settings.asked_node)
    }

    /// The static symbols of veorun.
    pub(crate) fn static_library(&self) -> Arc<LoadedLibrary> {
        let name = "the static veorun";
        Arc::new(LoadedLibrary {
            name: name.into(),
            path: self.settings.options.veorun.clone(),
            file: self
                .settings
                .options
                .veorun
                .as_deref()
                .and_then(|path| LibraryFile::open(path).ok().flatten()),
            handle: 0,
            code: LibraryCode::new(name),
            symbols: Mutex::default(),
            _short: None,
        })
    }

    /// Loads a library (`veo_load_library`), once.
    pub(crate) fn load(&self, found: &FoundLibrary) -> Result<Arc<LoadedLibrary>> {
        let core = &self.core;
        let path = &found.path;
        let failed = |reason| Error::LibraryLoad {
            path: path.clone(),
            reason,
        };
        let extension = &core.api.extension;
        let short = extension.shorten(path).map_err(|error| {
            failed(Some(format!("its path does not suit the backend: {error}")))
        })?;
        let c_path = c_path(short.as_ref().map_or(path, Shortened::path))
            .ok_or_else(|| failed(Some("its path contains a NUL byte".into())))?;
        let exclusive = loop {
            let exclusive = self.exclusive(&format_args!("loading {}", path.display()))?;
            // Looked up with the process locked, so that a library is loaded once.
            let Some(library) = self.libraries.find(path) else {
                break exclusive;
            };
            if library.code.is_there(may_hold_up_unloading()) {
                return Ok(library);
            }
            drop(exclusive);
            self.libraries.wait_for_end(&library);
        };
        // Without the file no declaration could be checked.
        let file = LibraryFile::open(path).map_err(|error| {
            failed(Some(format!(
                "its declarations cannot be checked, because its file cannot be opened: {error}; close \
                 files, or raise the limit (ulimit -n)"
            )))
        })?;
        // SAFETY: the main context is held exclusively, so the process is there; the
        // path is a terminated string.
        let handle = unsafe { extension.load_library(core.handle(), &c_path) }?;
        let reason = core.api.last_error();
        if handle == 0 {
            drop(exclusive);
            if core.look_for_end() {
                return Err(core.gone(&format_args!("loading {}", path.display())));
            }
            let reason = reason.or_else(|| symbols::why_not_loadable(path, &self.runs()));
            return Err(failed(reason));
        }
        if file.as_ref().is_some_and(|file| !file.is_in_place()) {
            // Nobody knows which of the two files was loaded, so no declaration could be checked.
            let unload = need!(core.api, veo_unload_library, "unloading a library")?;
            // SAFETY: as above; the library was loaded just now, and nobody else knows of it.
            unsafe { unload(core.handle(), handle) };
            return Err(failed(Some(
                "the file was replaced while it was loaded; load it again".into(),
            )));
        }
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        let library = Arc::new(LoadedLibrary {
            code: LibraryCode::new(&name),
            name,
            path: Some(path.clone()),
            file,
            handle,
            symbols: Mutex::default(),
            _short: short,
        });
        self.libraries.lock().push(Arc::clone(&library));
        // A subscriber of `tracing` may use the process.
        drop(exclusive);
        tracing::debug!("{core} loaded {}", path.display());
        Ok(library)
    }

    /// The address of a function.
    pub(crate) fn function(&self, library: &LoadedLibrary, name: &str) -> Result<u64> {
        let addr = self.symbol(library, name)?;
        library.check_is_code(name)?;
        // Functions that a library takes from another one are in no file that is known here.
        if self.core.extension.is_data(addr) {
            return Err(library.is_data(name));
        }
        Ok(addr)
    }

    /// The address of a symbol (`veo_get_sym`).
    pub(crate) fn symbol(&self, library: &LoadedLibrary, name: &str) -> Result<u64> {
        let core = &self.core;
        let get = need!(core.api, veo_get_sym, "looking up a symbol")?;
        if name.len() > MAX_NAME {
            return Err(Error::Command {
                what: format!("looking up a symbol of {} characters", name.len()),
                reason: Some(format!("libveo takes at most {MAX_NAME}")),
            });
        }
        let not_found = || Error::SymbolNotFound {
            symbol: name.to_owned(),
            library: library.name.clone(),
            near: symbols::similar(library, name),
        };
        let c_name = CString::new(name).map_err(|_| not_found())?;
        let exclusive = self.exclusive(&format_args!("looking up {name}"))?;
        library.code.check(may_hold_up_unloading())?;
        library.check_is_whole()?;
        // SAFETY: the main context is held exclusively, so the process is there; the
        // library is loaded, and the name is a terminated string.
        let addr = unsafe { get(core.handle(), library.handle, c_name.as_ptr()) };
        drop(exclusive);
        if addr != 0 {
            let symbols = &library.symbols;
            let mut symbols = symbols.lock().unwrap_or_else(PoisonError::into_inner);
            symbols.insert(name.to_owned(), addr);
            return Ok(addr);
        }
        if core.look_for_end() {
            return Err(core.gone(&format_args!("looking up {name}")));
        }
        Err(not_found())
    }
}

impl ProcShared {
    /// Unloads a library (`veo_unload_library`) when the calls that use it have
    /// finished, or gives up after `limit`.
    pub(crate) fn unload(&self, library: &Arc<LoadedLibrary>, limit: Duration) -> Result<()> {
        let core = &self.core;
        let what = format!("unloading {}", library.name);
        if library.handle == 0 {
            return Err(Error::Command {
                what: "unloading the static symbols of veorun".into(),
                reason: Some("they are part of the process".into()),
            });
        }
        let unload = need!(core.api, veo_unload_library, "unloading a library")?;
        core.check(&what)?;
        self.main.check_not_before(u64::MAX, || what.clone())?;
        if !library.code.leave() {
            return Err(library.code.unloaded());
        }
        self.addresses.forget(&library.code);
        let exclusive = match while_unloading(|| self.wait_for_calls(library, &what, limit)) {
            Ok(exclusive) => exclusive,
            Err(error) => {
                self.libraries.keep(library);
                return Err(error);
            }
        };
        // SAFETY: the main context is held exclusively, so the process is there; the
        // number is that of a library which was not unloaded before.
        let status = unsafe { unload(core.handle(), library.handle) };
        let reason = core.api.last_error();
        drop(exclusive);
        if status == 0 {
            self.libraries.remove(library);
            return Ok(());
        }
        // The library is still loaded, and can be called.
        self.libraries.keep(library);
        if core.look_for_end() {
            return Err(core.gone(&what));
        }
        Err(Error::Command { what, reason })
    }

    /// Waits until no call uses a library that is leaving, and none can begin to. Gives the
    /// main context, so that it stays so.
    fn wait_for_calls(
        &self,
        library: &LoadedLibrary,
        what: &str,
        limit: Duration,
    ) -> Result<Exclusive<'_>> {
        let code = &library.code;
        let until = Instant::now().checked_add(limit);
        let unfinished = || Error::LibraryInUse {
            name: library.name.clone(),
            waited: limit,
        };
        loop {
            let contexts: Vec<_> = self.contexts().clone();
            for context in &contexts {
                let Some(last) = context.last_call(code) else {
                    continue;
                };
                context.check_not_before(last, || what.to_owned())?;
                if !context.drain(last + 1, until) {
                    return Err(unfinished());
                }
            }
            let exclusive = Exclusive::take_until(&self.main, &what, until)?;
            let exclusive = exclusive.ok_or_else(unfinished)?;
            code.set_gone();
            // A thread that may hold this up could call it until now.
            let contexts: Vec<_> = self.contexts().clone();
            if contexts.iter().all(|ctx| ctx.last_call(code).is_none()) {
                return Ok(exclusive);
            }
            code.set_leaving();
        }
    }
}
