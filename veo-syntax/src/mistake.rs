//! All mistakes that are visible in the tokens or in the build's prototypes of a library.

use crate::clause_mistake::ClauseFault;

/// Where a type stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TypePosition {
    /// A parameter, by value.
    Parameter,
    /// The type behind a pointer.
    Pointee,
    /// The type behind a reference.
    Referent,
    /// The element of an array.
    Element,
    /// A field of a structure.
    Field,
    /// The result of the kernel.
    Result,
}

/// A mistake in a declaration, with the user's words for the part that it concerns.
#[derive(Clone, Debug)]
pub(crate) enum Mistake {
    // The attribute.
    NoLibrary,
    LibAndStatic,
    OptionalAndLazy,
    BareLibrary(String),
    BareName(String),
    AttributeTwice,
    AnotherName,
    NotKeyValue(String),
    NeedsString(String),
    MissingComma(String),
    ExtraComma,
    Semicolon,
    CrateNeedsPath,
    FlagWithValue(String),
    DuplicateKey(String),
    UnknownKey(String, Option<&'static str>),
    KeyOfTheBlock(String),
    NameOnBlock,
    NameTwice,
    LibraryName,
    LibraryIsArchive,
    LibraryIsSource(String),
    LibraryOfOther(String),
    LibraryBlank,
    LibraryNoExtension(String),
    SymbolName,
    TooLong(&'static str, usize),
    UnknownPolicy(String),
    SymbolAttribute(String),
    LinkAttribute,

    // `requires(..)`.
    Contract(ClauseFault),

    // `shared(..)`.
    SharedForm,
    SharedOnBlock,
    SharedNoParameter(String),
    SharedNotWritten(String),

    // The item.
    BlockNotUnsafe,
    NoAbi,
    WrongAbi(String),
    NotAFunction(String),
    GlobalVariable,
    ForeignType,
    Body(String),
    Const,
    Async,
    Safe(String),
    Undeclared(String),

    // The signature.
    TypeParameter(String),
    ConstParameter(String),
    WhereClause,
    Receiver,
    MutPattern(String),
    Pattern,
    DuplicateParameter(String),
    Variadic,
    TooManyParameters(usize),
    ParameterAttribute(String),

    // Tokens that are not Rust.
    CParameter {
        written: String,
        instead: String,
    },
    CVoid,
    DefaultValue(String),

    // Types.
    Bool(TypePosition),
    Void(TypePosition),
    StackOf(String, String),
    Runtime(String, String, TypePosition),
    Char(TypePosition),
    Text(String, TypePosition),
    NoSuchScalar(String, TypePosition),
    SelfType,
    Collection(String, String, TypePosition),
    HostType(String),
    NonZero(String, String, TypePosition),
    Option(String, String, TypePosition),
    Handle(String, String, TypePosition),
    ArrayByValue(String, String, String),
    Slice(String, String, TypePosition),
    Tuple(String, TypePosition),
    ImplTrait(String),
    TraitObject(String),
    Infer(TypePosition),
    NotInC(String),
    PointerToUnit,
    PointerToSlice(String, String),
    PointerInMemory(String, String),
    FunctionInMemory,
    RustFunction(String),
    ArrayResult(String),
    ReferenceResult(String, bool, String),
    ResultResult(String, String),
    NeverResult,
    FunctionResult,

    // The library of the build.
    Differs {
        mismatch: String,
        declared: String,
        found: String,
        location: Option<String>,
    },
    NoSuchSymbol {
        library: String,
        symbol: String,
        near: Option<String>,
    },
    NoSuchLibrary {
        library: String,
        built: Vec<String>,
    },
    PrototypesUnreadable(String, String),
    PolicyVariable(String),

    // #[derive(VeData)], #[derive(VeOpaque)].
    NotRepr(String),
    Enum(String),
    Union(String),
    NoFields(String),
    OpaqueGeneric(String),
    DeriveLifetime(String),
    DeriveKey(String),
}
