//! The table of messages. Each says what is wrong and what to write instead.

use veo_abi::limits::{MAX_NAME, MAX_WORDS};

use crate::mistake::{Mistake, TypePosition};

impl Mistake {
    /// The text for the user.
    pub(crate) fn text(&self) -> String {
        use Mistake as M;
        match self {
            M::NoLibrary => "which library is the kernel in? write `#[ve_kernel(lib = \"libNAME.so\")]`, \
                             or `#[ve_kernel(static)]` for one linked into veorun"
                .into(),
            M::LibAndStatic => "`lib` and `static` exclude each other: a kernel is either in a library \
                                or linked into veorun; keep one"
                .into(),
            M::OptionalAndLazy => {
                "`optional` already looks the kernel up on first use; leave out `lazy`".into()
            }
            M::BareLibrary(literal) => format!("keys come first here: write `lib = {literal}`"),
            M::BareName(literal) => format!("keys come first here: write `name = {literal}`"),
            M::AttributeTwice => "`#[ve_kernel]` is given twice; keep one, with all keys".into(),
            M::AnotherName => "inside a block write this attribute by the name that stands above the \
                               block: that another one is the same cannot be known"
                .into(),
            M::NotKeyValue(key) => format!("expected `{key} = value`, or `{key}` and a comma"),
            M::NeedsString(key) => {
                format!("`{key}` takes a string literal: write `{key} = \"{}\"`", sample(key))
            }
            M::MissingComma(next) => format!("a comma is missing before `{next}`"),
            M::ExtraComma => "one comma too many: remove it".into(),
            M::Semicolon => "commas separate keys, as well as conditions: write `,` instead of `;`".into(),
            M::CrateNeedsPath => "`crate` takes the path of veo_core: write `crate = ::my_name_for_it`".into(),
            M::FlagWithValue(key) => format!("`{key}` takes no value: write `{key}` alone, or leave it out"),
            M::DuplicateKey(key) => format!("`{key}` is given twice; keep one"),
            M::UnknownKey(key, Some(meant)) => format!("unknown key `{key}`: write `{meant}`"),
            M::UnknownKey(key, None) => format!(
                "unknown key `{key}`: write one of `lib`, `static`, `name`, `optional`, `lazy`, `verify`, `requires`, `shared`, `crate`"
            ),
            M::KeyOfTheBlock(key) => format!("`{key}` holds for the whole block: write it on the attribute above `extern`"),
            M::NameOnBlock => "one name cannot be that of every function in the block: \
                               write `#[ve_kernel(name = \"..\")]` on the function it belongs to"
                .into(),
            M::NameTwice => "the link name is given twice; keep `name` or `link_name`".into(),
            M::LibraryName => "this is no file name: write `lib = \"libNAME.so\"`".into(),
            M::LibraryIsArchive => "kernels are loaded from shared libraries: build a `.so`, or link the \
                                    archive into a veorun and write `#[ve_kernel(static)]`"
                .into(),
            M::LibraryIsSource(stem) => format!("`lib` is the library that is made of it: write `lib = \"lib{stem}.so\"`"),
            M::LibraryOfOther(stem) => format!("libraries of the VE end in `.so`: write `lib = \"{stem}.so\"`"),
            M::LibraryBlank => "a file name does not begin or end with a blank: remove it".into(),
            M::LibraryNoExtension(instead) => format!("`lib` is a file name: write `lib = \"{instead}\"`"),
            M::SymbolName => "this is no link name: write the symbol as `nm -D` shows it, like `name = \"daxpy_\"`".into(),
            M::TooLong(what, len) => format!("libveo takes {what} names of at most {MAX_NAME} bytes; this one has {len}"),
            M::UnknownPolicy(word) => {
                format!("unknown policy `{word}`: write `\"deny\"`, `\"warn\"` or `\"off\"`")
            }
            M::SymbolAttribute(attr) => format!("`#[{attr}]` is for functions that Rust defines; give the link name with `name = \"..\"`"),
            M::LinkAttribute => "a kernel library is loaded at run time, not linked: remove `#[link]` and \
                                 name the library with `#[ve_kernel(lib = \"..\")]`"
                .into(),

            M::Contract(wrong) => wrong.text(),
            M::SharedForm => "`shared` names parameters in parentheses: write `shared(x)`".into(),
            M::SharedOnBlock => "`shared` names parameters of one kernel: write \
                                 `#[ve_kernel(shared(..))]` on its function in the block"
                .into(),
            M::SharedNoParameter(name) => format!("the kernel has no parameter `{name}`: name one of its own"),
            M::SharedNotWritten(name) => format!(
                "`shared` is for memory that the kernel writes in parts: declare `{name}` as `*mut T`, or leave it out"
            ),

            M::BlockNotUnsafe => "a block of kernels promises that its declarations are right: write `unsafe extern \"C\"`".into(),
            M::NoAbi => "kernels have the C calling convention: write `extern \"C\"`".into(),
            M::WrongAbi(abi) => format!("kernels have the C calling convention: write `extern \"C\"` instead of `extern \"{abi}\"`"),
            M::NotAFunction(word) => format!(
                "`#[ve_kernel]` cannot stand on `{word}`: it goes on a function without a body, \
                 `fn name(n: i32, x: *mut f64) -> i64;`, or on a block `unsafe extern \"C\" {{ .. }}` of them"
            ),
            M::GlobalVariable => "a variable of a kernel library is not a kernel: \
                                  look it up at run time with `lib.get_symbol(\"name\")`, read and write it through the `VeMemPtr`"
                .into(),
            M::ForeignType => "a block of kernels holds functions only: \
                               for an opaque handle write `#[derive(VeOpaque)] struct Handle { _private: [u8; 0] }` outside"
                .into(),
            M::Body(name) => format!(
                "a kernel declaration has no body: end `{name}` with `;` and write the kernel in C, C++ or Fortran \
                 (bodies are reserved for kernels in Rust, which do not exist yet)"
            ),
            M::Const => "a kernel runs on the VE, not in the compiler: remove `const`".into(),
            M::Async => "remove `async`: a call with a `&VeoContext` gives a `VeoRequest`, which can be awaited".into(),
            M::Safe(name) => format!("outside a block a declaration is safe anyway: write `fn {name}`"),
            M::Undeclared(lifetime) => format!("lifetime `{lifetime}` is not declared; leave it out, references need none here"),

            M::TypeParameter(name) => format!("a kernel is one function of machine code and cannot be generic: \
                                               replace `{name}` by a type, one declaration for each"),
            M::ConstParameter(name) => format!("a kernel is one function of machine code and cannot be generic: \
                                                pass `{name}` as an argument, such as `n: usize`"),
            M::WhereClause => "a kernel has no generic parameters, so there is nothing to bound: remove the `where` clause".into(),
            M::Receiver => "a kernel is a plain C function without `self`: declare a named parameter, such as `this: *mut c_void`".into(),
            M::MutPattern(name) => format!("a declaration has no body that could change it: write `{name}` without `mut`, `ref` or `@`"),
            M::Pattern => "a parameter of a kernel needs one plain name; a structure is declared by reference: `point: &Point`".into(),
            M::DuplicateParameter(name) => format!("two parameters have the name `{name}`: rename one"),
            M::Variadic => "libveo cannot call variadic functions: declare the parameters that you pass, \
                            of a function in your library that takes exactly those"
                .into(),
            M::TooManyParameters(count) => format!("libveo passes at most {MAX_WORDS} arguments and this is one of {count}: \
                                                    put some into a structure and pass a reference to it"),
            M::ParameterAttribute(attr) => format!("`#[{attr}]` has no meaning on a parameter of a kernel; \
                                                    to have variants, put `#[cfg]` on whole declarations"),

            M::CParameter { written, instead } => format!("parameters are written `name: type`: `{instead}` instead of `{written}`"),
            M::CVoid => "C's `(void)` is `()`: leave out `void`".into(),
            M::DefaultValue(default) => format!("a kernel is a C function without default values: leave out `{default}`"),

            M::Bool(place) => format!("C's `_Bool` is a byte and `bool` is not, as most bytes are no `bool`: write {}", put("u8", *place)),
            M::Char(place) => format!("`char` is a Unicode scalar value, which C does not have: write {} for C's `char`, {} for a code point",
                                      put("c_char", *place), put("u32", *place)),
            M::Void(place) => match place {
                TypePosition::Result => "a kernel that returns nothing has no `->`: leave it out".into(),
                TypePosition::Parameter => "C's `void` is no value: leave the parameter out, or write `*mut c_void` for `void *`".into(),
                TypePosition::Field | TypePosition::Element => "C's `void` is no value: write `VeAddr<c_void>` for `void *`".into(),
                TypePosition::Pointee | TypePosition::Referent => "C's `void` has no size: write `*mut c_void` for `void *`".into(),
            },
            M::StackOf(ty, data) => format!("`OnStack` names the data, not how they are borrowed: write `OnStack<{data}>` instead of `{ty}`"),
            M::Runtime(name, inner, place) => runtime(name, inner, *place),
            M::Text(name, place) => text(name, *place),
            M::NoSuchScalar(name, place) => no_such_scalar(name, *place),
            M::SelfType => "a kernel belongs to no type: write the name of the type instead of `Self`".into(),
            M::Collection(ty, element, place) => match place {
                TypePosition::Result => format!("a kernel cannot return a `{ty}`: pass a buffer for it, `out: *mut {element}`"),
                TypePosition::Field => format!("`{ty}` is memory of the host: write `VeAddr<{element}>` for the address of memory on the VE"),
                _ => format!("`{ty}` is memory of the host: write `*mut {element}` for memory on the VE, \
                              `&[{element}]` or `&mut [{element}]` for data that travels with the call"),
            },
            M::HostType(ty) => format!("`{ty}` means something on the host only: \
                                           write a scalar, a pointer such as `*mut f64`, or a reference to plain data"),
            M::NonZero(ty, scalar, place) => format!("a kernel may well write 0, which `{ty}` cannot be: write {}", put(scalar, *place)),
            M::Option(ty, inner, place) => option(ty, inner, *place),
            M::Handle(ty, element, place) => match place {
                TypePosition::Result => format!("a kernel returns an address, not a `{ty}`: write `*mut {element}`, which becomes a `VeMemPtr<{element}>`"),
                TypePosition::Parameter | TypePosition::Referent => format!("declare what the kernel takes, `*const {element}` or `*mut {element}`: calls then accept a `{ty}` for it"),
                _ => format!("`{ty}` exists on the host: write `VeAddr<{element}>` for the address of memory on the VE"),
            },
            M::ArrayByValue(array, element, len) => format!(
                "C has no arrays by value, `{array}` there is a pointer: write `&[{element}; {len}]` or `&mut [{element}; {len}]` \
                 for data that travels with the call, `*mut {element}` for memory on the VE"
            ),
            M::Slice(ty, element, place) => match place {
                TypePosition::Result => format!("a kernel cannot return `{ty}`: pass a buffer for it, `out: *mut {element}`"),
                TypePosition::Parameter => format!("`{ty}` has no size of its own: write `&{ty}`, or `*const {element}` for memory on the VE"),
                _ => format!("`{ty}` has no size of its own: write `[{element}; N]`"),
            },
            M::Tuple(ty, place) => match place {
                TypePosition::Result => format!("a kernel returns one number or address, not `{ty}`: pass a reference for each, `out: &mut f64`"),
                TypePosition::Parameter if ty == "()" => "`()` is no argument in C: leave the parameter out".into(),
                _ => format!("the layout of `{ty}` is not C's: write a `#[repr(C)]` struct with `#[derive(VeData)]`, passed by reference"),
            },
            M::ImplTrait(ty) => format!("a kernel cannot be generic: replace `{ty}` by a type such as `i32` or `*mut f64`"),
            M::TraitObject(ty) => format!("`{ty}` has no counterpart in C: write a type such as `i32`, `*mut f64` or `*mut c_void`"),
            M::Infer(place) => format!("the compiler cannot see the kernel: write its type instead of `_`, such as {}", put("i32", *place)),
            M::NotInC(ty) => format!("`{ty}` has no counterpart in C: write a scalar, a pointer such as `*mut f64`, or a reference to plain data"),
            M::PointerToUnit => "C's `void *` is `*mut c_void` (`core::ffi::c_void`)".into(),
            M::PointerToSlice(ty, element) => format!("C's pointers carry no length: write a pointer to `{element}` instead of `{ty}`, and pass the length as an argument"),
            M::PointerInMemory(ty, target) => format!("`{ty}` is an address of the host: write `VeAddr<{target}>`, the address of a `{target}` on the VE"),
            M::FunctionInMemory => "a function pointer of the host means nothing on the VE: write `VeAddr<c_void>`, the address of a function there".into(),
            M::RustFunction(ty) => format!("functions on the VE have the C calling convention: write `{ty}`"),
            M::ArrayResult(ty) => format!("C functions cannot return arrays: pass a reference for it, `out: &mut {ty}`"),
            M::ReferenceResult(ty, mutable, target) => {
                let kind = if *mutable { "mut" } else { "const" };
                format!("a kernel returns an address on the VE, which `{ty}` cannot be: write `*{kind} {target}`, which becomes a `VeMemPtr<{target}>`")
            }
            M::ResultResult(ty, ok) => format!("calls of a kernel give a `Result` anyway: write what the C function returns, `{}` instead of `{ty}`",
                                               if ok.starts_with('(') { "i32" } else { ok }),
            M::NeverResult => "a kernel returns, or its call never ends: leave out `-> !`".into(),
            M::FunctionResult => "the address of a function on the VE is `*const c_void`, which becomes a `VeMemPtr<c_void>`".into(),

            M::Differs {
                mismatch,
                declared,
                found,
                location,
            } => {
                let location = location.as_ref().map_or_else(String::new, |l| format!(" at {l}"));
                format!("{mismatch}\ndeclared: {declared}\nkernel:   {found}{location}")
            }
            M::NoSuchSymbol {
                library,
                symbol,
                near,
            } => {
                let instead = match near {
                    Some(near) if near.starts_with("_Z") => format!(
                        "it has `{near}`, the C++ name of a function: write `extern \"C\"` in its source, or `name = \"{near}\"` here"
                    ),
                    Some(near) if near.trim_end_matches('_') == symbol.to_lowercase() => {
                        format!("as Fortran compilers do, it has `{near}`: write `name = \"{near}\"`")
                    }
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "write it there, or mark the declaration `optional`".into(),
                };
                format!("`{library}` has no function `{symbol}`; {instead}")
            }
            M::NoSuchLibrary { library, built } => format!(
                "no build of this crate makes `{library}`, only {}; it is searched for when the program runs. \
                 If that is right, say so with `lazy`",
                list(built)
            ),
            M::PrototypesUnreadable(library, why) => format!("the prototypes of `{library}` cannot be read: {why}"),
            M::PolicyVariable(word) => {
                format!("VEO_VERIFY is `{word}`: set it to `deny`, `warn` or `off`, or unset it")
            }

            M::NotRepr(name) => format!("the compiler may reorder the fields of `{name}`: write `#[repr(C)]` above it"),
            M::Enum(name) => format!("not every number is a variant of `{name}`, so a kernel could write a wrong one: \
                                      use its integer type, such as `u32`, in kernel declarations and convert"),
            M::Union(name) => format!("`{name}` can hold bytes that were never written: write a struct, or `[u8; N]` and convert"),
            M::NoFields(name) => format!("C has no empty structures; if `{name}` stands for a handle, write `#[derive(VeOpaque)]`"),
            M::OpaqueGeneric(name) => format!("an opaque type stands for one type of C and cannot be generic: remove `{name}`"),
            M::DeriveLifetime(name) => format!("plain data borrows nothing: remove `{name}`, and write `VeAddr<T>` for addresses"),
            M::DeriveKey(key) => format!("unknown key `{key}`: only `crate = path` is known here"),
        }
    }
}

/// "`a`, `b` and `c`"
fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// The right type at its place, as code.
fn put(ty: &str, place: TypePosition) -> String {
    match place {
        TypePosition::Pointee => format!("a pointer to `{ty}`"),
        TypePosition::Referent => format!("a reference to `{ty}`"),
        TypePosition::Element => format!("an array of `{ty}`"),
        TypePosition::Parameter | TypePosition::Field | TypePosition::Result => format!("`{ty}`"),
    }
}

/// A sensible value for this key.
fn sample(key: &str) -> &'static str {
    match key {
        "lib" => "libNAME.so",
        "verify" => "warn",
        _ => "symbol",
    }
}

/// The message for types of `veo_core` that exist only on the host.
fn runtime(name: &str, inner: &str, place: TypePosition) -> String {
    match name {
        "VeoProc" | "VeoContext" => format!(
            "every call has the process or context as its first argument anyway: leave out the `{name}` here"
        ),
        "VeoRequest" if place == TypePosition::Result => format!(
            "calls with a `&VeoContext` give a `VeoRequest` anyway: write what the C function returns, `{inner}`"
        ),
        "VeoFunction" => "a function of the VE is declared as its C type, such as `extern \"C\" fn(f64) -> f64`: \
             calls then accept a `&VeoFunction` for it"
            .into(),
        _ => format!("a `{name}` exists on the host: write what the C function takes, such as `*mut f64`"),
    }
}

fn text(name: &str, place: TypePosition) -> String {
    match place {
        TypePosition::Result => format!(
            "a kernel cannot return `{name}`: write `*const c_char`, which becomes a `VeMemPtr<c_char>` to read from"
        ),
        TypePosition::Field => format!(
            "`{name}` is memory of the host: write `[c_char; N]`, or `VeAddr<c_char>` for the address of text on the VE"
        ),
        _ => format!(
            "C's strings are `*const c_char`: write that, and pass `OnStack::cstr(..)` in calls, instead of `{name}`"
        ),
    }
}

fn no_such_scalar(name: &str, place: TypePosition) -> String {
    let instead = match name {
        "i128" | "u128" => format!(
            "integers on the VE have at most 64 bits: write {}, or `[u64; 2]` behind a pointer",
            put(&name.replace("128", "64"), place)
        ),
        "f128" => format!(
            "the calling convention of libveo has no 128-bit floats: write {}, or pass two `f64`",
            put("f64", place)
        ),
        _ => format!(
            "the VE has no 16-bit floats: write {}, or `u16` for their bits",
            put("f32", place)
        ),
    };
    format!("`{name}` cannot be passed to a kernel; {instead}")
}

fn option(ty: &str, inner: &str, place: TypePosition) -> String {
    let is_pointer = inner.starts_with(['*', '&']) || inner.starts_with("VeMemPtr");
    match place {
        TypePosition::Result if is_pointer => format!(
            "C has no `{ty}`: write the pointer itself and ask `is_null()` of the `VeMemPtr` it becomes"
        ),
        TypePosition::Parameter if is_pointer => format!(
            "C has no `{ty}`: write the pointer itself, such as `*mut f64`, and pass `NULL` for none"
        ),
        TypePosition::Parameter => format!(
            "C has no `{ty}`: write `{inner}` with a value that means none, or `*const {inner}` and pass `NULL` for none"
        ),
        TypePosition::Result => {
            format!("C has no `{ty}`: write `{inner}` with a value that means none")
        }
        _ => format!(
            "C has no `{ty}`: write the type itself, and `VeAddr<T>` for an address that may be null"
        ),
    }
}
