//! Plans what to make for each target, and makes it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::context::{self, Context};
use crate::directives::Directives;
use crate::kernels::Kernels;
use crate::link::{Linked, Linking};
use crate::note::{BuiltTarget, LeftOut, Note};
use crate::object::{CompileUnit, CompiledSource};
use crate::output;
use crate::source::{self, Language, SourceList};
use crate::target::{Target, TargetChoice};
use crate::toolchain::{self, Requirements, Toolchain, ToolchainSearch};
use crate::{Error, ErrorKind, Result, headers, missing, scan, schedule};

/// The targets to build with their tools.
pub(crate) struct Plan<'a> {
    context: &'a Context,
    kernels: &'a Kernels,
    targets: Vec<Planned<'a>>,
    left_out: Vec<LeftOut>,
    /// Directories in which missing compilers would be installed.
    watched: Vec<PathBuf>,
}

struct Planned<'a> {
    toolchain: Arc<Toolchain>,
    /// Whether a failure only leaves the target out.
    lenient: bool,
    units: Vec<CompileUnit<'a>>,
    /// For each unit, the units that must be compiled first.
    order: Vec<Vec<usize>>,
    linking: Linking<'a>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        context: &'a Context,
        kernels: &'a Kernels,
        sources: &SourceList,
        choice: &TargetChoice,
    ) -> Result<Self> {
        let languages: BTreeSet<Language> =
            sources.list.iter().map(|source| source.language).collect();
        // The C compiler links a library without sources.
        let languages = if languages.is_empty() {
            BTreeSet::from([Language::C])
        } else {
            languages
        };
        for (path, options) in &kernels.by_file {
            if !sources.list.iter().any(|source| source.is(context, path)) {
                return Err(Error::invalid(format!(
                    "{}: .for_file({:?}, ..) names no source of this library; give the path by which the source was added",
                    kernels.name,
                    path.display()
                )));
            }
            if options.links() {
                return Err(Error::invalid(format!(
                    "{}: .for_file({:?}, ..) sets something for the linker, which links all files together; \
                     set it for the library or with .for_target(..)",
                    kernels.name,
                    path.display()
                )));
            }
        }
        let modules: Vec<scan::Modules> = sources
            .list
            .iter()
            .map(|source| match source.language {
                Language::Fortran => context::read(&source.path)
                    .map(|text| scan::modules(&String::from_utf8_lossy(&text))),
                _ => Ok(scan::Modules::default()),
            })
            .collect::<Result<_>>()?;
        let order = scan::order(&modules).map_err(|names| {
            Error::invalid(format!(
                "{}: the Fortran modules {names} use each other in a circle, so none can be compiled first; move what they share to another module",
                kernels.name
            ))
        })?;

        let mut plan = Self {
            context,
            kernels,
            targets: Vec::new(),
            left_out: Vec::new(),
            watched: Vec::new(),
        };
        for target in Target::ALL {
            let Some(named) = choice.wants(target) else {
                continue;
            };
            if kernels.without.contains(&target) {
                plan.left_out.push(LeftOut {
                    target,
                    why: "the build script excludes it".into(),
                    missed: false,
                });
                continue;
            }
            plan.watched.extend(toolchain::watched(context, target));
            let options = kernels
                .by_target
                .iter()
                .filter(|(of, _)| *of == target)
                .fold(kernels.all.clone(), |options, (_, more)| options.with(more));
            let objects = sources.list.len() + options.objects.len();
            let needs = Requirements {
                kernels,
                languages: languages.clone(),
                objects,
            };
            // Every Rust installation needs a host compiler, so something is wrong if there is none.
            let required = named || (target == Target::Host && context.linux);
            let toolchain: Arc<Toolchain> = match toolchain::find(context, &needs, target, named)? {
                ToolchainSearch::Tools(toolchain) => Arc::from(toolchain),
                ToolchainSearch::Missing { why, help, .. } if required => {
                    let asked = if named { " was asked for, but" } else { "" };
                    return Err(Error::new(
                        ErrorKind::ToolNotFound,
                        format!(
                            "{}: the target {target}{asked} cannot be built: {why}\n\nhelp: {help}",
                            kernels.name
                        ),
                    ));
                }
                ToolchainSearch::Missing { why, missed, .. } => {
                    plan.left_out.push(LeftOut {
                        target,
                        why,
                        missed,
                    });
                    continue;
                }
            };
            let unit = |(source, modules): (&source::KernelSource, &scan::Modules)| {
                let of_file = kernels
                    .by_file
                    .iter()
                    .filter(|(path, _)| source.is(context, path));
                CompileUnit {
                    context,
                    kernels,
                    toolchain: toolchain.clone(),
                    source: source.clone(),
                    options: of_file.fold(options.clone(), |options, (_, more)| options.with(more)),
                    uses: modules.uses.iter().cloned().collect(),
                }
            };
            plan.targets.push(Planned {
                lenient: target == Target::Ve1Llvm && !named,
                units: sources.list.iter().zip(&modules).map(unit).collect(),
                order: order.clone(),
                linking: Linking {
                    context,
                    kernels,
                    toolchain: toolchain.clone(),
                    options,
                    sources: sources.list.clone(),
                    languages: languages.clone(),
                },
                toolchain,
            });
        }
        Ok(plan)
    }

    /// Compiles and links everything in parallel, then puts the results in their places.
    pub(crate) fn run(mut self, directives: &mut Directives) -> Result<Note> {
        headers::write(self.context)?;
        for dir in &self.watched {
            directives.watch(dir);
        }
        let failures: Vec<Mutex<Vec<Error>>> =
            self.targets.iter().map(|_| Mutex::default()).collect();
        let stop = AtomicBool::new(false);
        let objects: Mutex<BTreeMap<(usize, usize), CompiledSource>> = Mutex::default();
        let linked: Mutex<BTreeMap<usize, Linked>> = Mutex::default();
        let mut jobs = Vec::new();
        for (at, planned) in self.targets.iter().enumerate() {
            let (failures, stop) = (&failures[at], &stop);
            let fail = move |error| {
                lock(failures).push(error);
                if !planned.lenient {
                    stop.store(true, Ordering::Relaxed);
                }
            };
            let first = jobs.len();
            for (index, unit) in planned.units.iter().enumerate() {
                let objects = &objects;
                jobs.push(schedule::BuildJob {
                    after: planned.order[index]
                        .iter()
                        .map(|before| first + before)
                        .collect(),
                    work: Box::new(move || {
                        let object = unit.compile().map_err(fail).ok()?;
                        lock(objects).insert((at, index), object);
                        Some(())
                    }),
                });
            }
            let paths: Vec<PathBuf> = planned.units.iter().map(CompileUnit::path).collect();
            let linked = &linked;
            jobs.push(schedule::BuildJob {
                after: (first..jobs.len()).collect(),
                work: Box::new(move || {
                    let done = planned.linking.link(&paths).map_err(fail).ok()?;
                    lock(linked).insert(at, done);
                    Some(())
                }),
            });
        }
        let parallel = self.context.jobs();
        schedule::run(jobs, parallel, &|| stop.load(Ordering::Relaxed));

        let mut objects = objects.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut linked = linked.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut errors = Vec::new();
        for (at, failed) in failures.into_iter().enumerate() {
            let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
            let planned = &self.targets[at];
            match failed.first() {
                None => {}
                Some(first) if planned.lenient => {
                    self.left_out.push(LeftOut {
                        target: planned.toolchain.target,
                        why: format!("it does not build: {}", gist(&first.to_string())),
                        missed: false,
                    });
                }
                Some(_) => errors.extend(failed),
            }
        }
        if let Some(error) = Error::all(errors) {
            return Err(error);
        }
        let mut note = Note::default();
        let mut read_from = None;
        for (at, planned) in self.targets.iter().enumerate() {
            let Some(done) = linked.remove(&at) else {
                continue;
            };
            let mine: Vec<CompiledSource> = (0..planned.units.len())
                .filter_map(|index| objects.remove(&(at, index)))
                .collect();
            let built = self.deliver(planned, &mine, &done, directives)?;
            if read_from.is_none() {
                read_from = Some(done.path);
            }
            note.built.push((built, planned.toolchain.described()));
        }
        if let Some(path) = read_from {
            note.prototypes =
                output::write_prototypes(self.context, self.kernels, &path, directives)?;
        }
        self.left_out.sort_by_key(|left| left.target);
        note.left_out = self.left_out;
        Ok(note)
    }

    fn deliver(
        &self,
        planned: &Planned<'_>,
        objects: &[CompiledSource],
        linked: &Linked,
        directives: &mut Directives,
    ) -> Result<BuiltTarget> {
        let (context, kernels, target) = (self.context, self.kernels, planned.toolchain.target);
        let keep = kernels.debug.unwrap_or(context.keep_debug);
        let parts = output::split(context, &planned.toolchain, &linked.path, keep)?;
        let dir = context.out.join(target.name());
        let library = output::put_into(&parts.library, &dir)?;
        let debug = parts
            .debug
            .as_ref()
            .map(|file| output::put_into(file, &dir))
            .transpose()?;
        for dir in output::install_dirs(context, kernels)? {
            let dir = dir.join(target.name());
            for file in [Some(&library), debug.as_ref()].into_iter().flatten() {
                directives.watch(&output::install(file, &dir)?);
            }
        }
        for tool in planned.toolchain.tools() {
            for file in tool.watched() {
                directives.watch(file);
            }
        }
        for dir in planned.toolchain.watched(context) {
            directives.watch(&dir);
        }
        let mut commands = Vec::new();
        // If nobody asked for the target, clang's warnings only repeat those of the host's compiler.
        let speaks =
            !planned.lenient || self.targets.len() == 1 || kernels.verbose || context.verbose;
        for object in objects {
            directives.inputs(&object.inputs);
            for dir in &object.dirs {
                directives.watch(dir);
            }
            if speaks {
                directives.said(context, kernels, target, &object.log);
            }
            commands.extend(object.ran.clone());
        }
        directives.inputs(&linked.inputs);
        if speaks {
            directives.said(context, kernels, target, &linked.log);
            if let Some(note) = missing::note(context, kernels, target, &linked.missing) {
                directives.note(note, kernels.cargo_warnings);
            }
        }
        commands.extend(linked.ran.clone());
        commands.extend(parts.ran);
        Ok(BuiltTarget {
            target,
            library,
            debug,
            listings: objects
                .iter()
                .filter_map(|object| object.listing.clone())
                .collect(),
            commands,
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The most telling line of an error's message.
fn gist(message: &str) -> String {
    let line = message
        .lines()
        .find(|line| line.contains("error:"))
        .or_else(|| message.lines().next());
    line.unwrap_or_default().trim().to_string()
}
