//! What a library is made from: sources, and headers of kernels that exist already.

use std::path::Path;

use super::Kernels;
use crate::source::Origin;

impl Kernels {
    /// Adds a source file; its name tells the language ([`Language::of`](crate::Language::of)).
    pub fn file(&mut self, path: impl AsRef<Path>) -> &mut Self {
        self.origins.push(Origin::File(path.as_ref().to_owned()));
        self
    }

    /// Adds source files.
    pub fn files<P: AsRef<Path>>(&mut self, paths: impl IntoIterator<Item = P>) -> &mut Self {
        for path in paths {
            self.file(path);
        }
        self
    }

    /// The source files that were named so far; those of patterns are found when building.
    pub fn get_files(&self) -> impl Iterator<Item = &Path> {
        self.origins.iter().filter_map(|origin| match origin {
            Origin::File(path) => Some(path.as_path()),
            Origin::Glob(_) | Origin::Inline { .. } => None,
        })
    }

    /// Adds the source files that match a pattern, for example `kernels/**/*.c`, at least one; not those in Cargo's target directory. Files
    /// that are added later are noticed below the last directory that the pattern names (not in the package's own root, which
    /// has too much in it).
    pub fn glob(&mut self, pattern: impl Into<String>) -> &mut Self {
        self.origins.push(Origin::Glob(pattern.into()));
        self
    }

    /// Adds a source given as text. The name tells the language and appears in the compiler's messages.
    pub fn inline(&mut self, name: impl Into<String>, text: impl Into<String>) -> &mut Self {
        let (name, text) = (name.into(), text.into());
        self.origins.push(Origin::Inline { name, text });
        self
    }

    /// Declares the functions of a C header as kernels of this library, in `OUT_DIR/veo/import/k.rs` for `k.h`:
    ///
    /// ```ignore
    /// mod k { veo_core::include_header!("k"); }
    /// ```
    ///
    /// Structures become `VeData` types, enumerations their integer types, macros constants, doc comments documentation ([`Import`](crate::Import) has the whole
    /// table); what cannot be declared (structures by value, variable arguments, functions without a prototype) is left out, and a build note says why. The declarations
    /// resolve on first use, since headers tend to declare more than a library has. Without any source, [`compile`](Kernels::compile) only imports: for a library that exists
    /// already; [`Import::lib`](crate::Import::lib) says which. The header is looked for in the package, then where clang searches, with the [`include`](Kernels::include) directories and
    /// definitions of the library. Needs libclang.
    #[cfg(feature = "import")]
    pub fn import_header(&mut self, header: impl AsRef<Path>) -> &mut Self {
        self.import_header_with(header, |_| {})
    }

    /// [`Kernels::import_header`] with settings:
    /// `.import_header_with("cblas.h", |import| { import.functions("cblas_d.*"); })`
    #[cfg(feature = "import")]
    pub fn import_header_with(
        &mut self,
        header: impl AsRef<Path>,
        set: impl FnOnce(&mut crate::import::Import),
    ) -> &mut Self {
        let mut import = crate::import::Import::new(header.as_ref());
        set(&mut import);
        self.imports.push(import);
        self
    }

    /// Whether there is nothing to build, only headers to import.
    pub(crate) fn only_imports(&self) -> bool {
        #[cfg(feature = "import")]
        if !self.imports.is_empty() {
            return self.origins.is_empty() && self.all.objects.is_empty();
        }
        false
    }
}
