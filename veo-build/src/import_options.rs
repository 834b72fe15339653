//! The settings for importing a C header.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The options of a header for [`Kernels::import_header_with`](crate::Kernels::import_header_with).
///
/// | in C | in Rust |
/// |---|---|
/// | numbers, `size_t`, `_Bool` | the primitive type of the same width and sign; `_Bool` is `u8` |
/// | `enum` and `typedef` of it | a type alias of its integer type, and a constant for each of its names |
/// | `struct` | a `VeData` type with the same layout, which is asserted; pointers in it are `VeAddr<T>` |
/// | bit-fields, flexible arrays | the bytes that hold them, an array of length 0 |
/// | `union`, and `struct` with an array of `long double` | as many bytes, the field `bytes` |
/// | a `struct` of which only the name is known | an opaque type |
/// | `double a[3][4]`, `double a[n][n]` | pointers to `[f64; 4]`, to `f64` |
/// | `double x[16]`, `double x[static n]` | pointers, with the contract `x.is_null() \|\| x.len() >= 16`, `x.len() >= n` |
/// | `double _Complex *` | a pointer to `[f64; 2]` |
/// | a function as parameter | `FnAddr`, which takes a `&VeoFunction`; as result a `VeMemPtr<c_void>` |
/// | a macro, or a `const` variable, that is a number or a string | a constant of the type that C gives it, `&CStr` |
/// | doc comments (`/** */`, `///`, `/*! */`) | documentation; other comments, and frames of `***` or `///` alone, are not |
/// | names that Rust or a declaration of kernels has for itself | the same with `_` after it; parameters in snake case |
///
/// Headers that share structures share the types only if they are imported together, with [`also_from`](Import::also_from).
#[derive(Clone, Debug)]
pub struct Import {
    pub(crate) header: PathBuf,
    pub(crate) name: Option<String>,
    pub(crate) lib: Option<String>,
    pub(crate) functions: Vec<String>,
    pub(crate) without: Vec<String>,
    pub(crate) also_from: Vec<String>,
    pub(crate) requires: Vec<(String, String)>,
    pub(crate) without_bounds: bool,
    pub(crate) verify: Option<String>,
    pub(crate) clang_args: Vec<String>,
    pub(crate) crate_path: String,
}

impl Import {
    pub(crate) fn new(header: &Path) -> Self {
        Import {
            header: header.to_owned(),
            name: None,
            lib: None,
            functions: Vec::new(),
            without: Vec::new(),
            also_from: Vec::new(),
            requires: Vec::new(),
            without_bounds: false,
            verify: None,
            clang_args: Vec::new(),
            crate_path: "::veo_core".to_owned(),
        }
    }

    /// The name of the file of declarations, instead of that of the header: `blas` gives `OUT_DIR/veo/import/blas.rs`.
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        self.name = Some(name.into());
        self
    }

    /// The `lib` of the declarations, instead of the name of the library that is built: a file name that is searched for at run
    /// time, or a path. One that the system's own linker finds, such as the libm or the OpenBLAS of the machine, is named by its
    /// path, `/usr/lib/x86_64-linux-gnu/libopenblas.so.0`: its directories are not searched, where code for the card never is.
    pub fn lib(&mut self, lib: impl Into<String>) -> &mut Self {
        self.lib = Some(lib.into());
        self
    }

    /// Imports only functions whose whole name matches a regular expression; call it again for more of them.
    pub fn functions(&mut self, pattern: impl Into<String>) -> &mut Self {
        self.functions.push(pattern.into());
        self
    }

    /// Leaves out functions whose whole name matches a regular expression. It also silences the note about macros that match and
    /// have no value.
    pub fn without(&mut self, pattern: impl Into<String>) -> &mut Self {
        self.without.push(pattern.into());
        self
    }

    /// Also imports from a header that this one includes, by a regular expression for its whole path: `.*/k_types\.h`.
    pub fn also_from(&mut self, pattern: impl Into<String>) -> &mut Self {
        self.also_from.push(pattern.into());
        self
    }

    /// Gives a contract to functions whose whole name matches a regular expression, as `requires(..)` in a declaration does. The
    /// clauses name the parameters as they are imported, in snake case.
    ///
    /// ```no_run
    /// # fn set(import: &mut veo_build::Import) {
    /// import.requires("cblas_d(dot|axpy)", "n >= 0, n == 0 || x.len() > (n - 1) * max(incx, -incx)");
    /// # }
    /// ```
    pub fn requires(
        &mut self,
        pattern: impl Into<String>,
        clauses: impl Into<String>,
    ) -> &mut Self {
        self.requires.push((pattern.into(), clauses.into()));
        self
    }

    /// Sets whether extents of arrays become contracts. They do by default. Use `false` for headers in which they mean nothing.
    /// They are not checked either where declarations are not compared: see [`verify`](Import::verify). An extent of a number and a
    /// clause of [`requires`](Import::requires) that contradicts it are a mistake in the declarations.
    pub fn bounds(&mut self, are_meant: bool) -> &mut Self {
        self.without_bounds = !are_meant;
        self
    }

    /// The `verify` of the declarations: `deny`, `warn` or `off`, instead of `VEO_VERIFY` in the environment of the compiler.
    pub fn verify(&mut self, policy: impl Into<String>) -> &mut Self {
        self.verify = Some(policy.into());
        self
    }

    /// Passes an argument to clang, after the include directories and definitions of the library.
    pub fn clang_arg(&mut self, arg: impl Into<String>) -> &mut Self {
        self.clang_args.push(arg.into());
        self
    }

    /// The path of `veo_core` in the crate that includes the declarations, if that is another: `my_crate::veo`.
    pub fn crate_path(&mut self, path: impl Into<String>) -> &mut Self {
        self.crate_path = path.into();
        self
    }

    /// The file name of the declarations, without extension.
    pub(crate) fn stem(&self) -> Result<String> {
        let stem = match &self.name {
            Some(name) => name.clone(),
            None => {
                let stem = self.header.file_stem().unwrap_or_default();
                stem.to_string_lossy().into_owned()
            }
        };
        if stem.is_empty() || stem.contains(['/', '\0', '\n']) || stem.starts_with('.') {
            return Err(Error::invalid(format!(
                "`{stem}` cannot name the declarations of {}; set a name with .name(..)",
                self.header.display()
            )));
        }
        Ok(stem)
    }
}
