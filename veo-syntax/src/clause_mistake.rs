//! The mistakes in contracts. Each message says what is wrong and what to write instead.

/// A mistake in a clause, with the user's words for the part that it concerns.
#[derive(Clone, Debug)]
pub(crate) enum ClauseFault {
    // The key.
    Form,
    Empty,
    OnBlock,
    Twice,
    // Operators.
    Assigned,
    Changed,
    Cast(String),
    Bits(&'static str, &'static str),
    Shifted(&'static str),
    Arrow(&'static str),
    Chained,
    Borrowed,
    Followed,
    Range,
    // Calls.
    NoSuchFunction(String, Option<&'static str>),
    IsMethod(String),
    NoSuchMethod(String, Option<&'static str>),
    MethodInstead(&'static str),
    IsFunction(String),
    Arguments(&'static str),
    NotOfParameter(String),
    NotParameter(&'static str),
    NoParentheses(String),
    Generic(String),
    // Names.
    NoSuchParameter(String, String),
    Receiver,
    SelfType,
    Anonymous,
    // Other things that an expression can be.
    Field,
    Index,
    If,
    Block,
    Text,
    Character,
    Tuple,
    Array,
    Macro,
    Closure,
    Word(&'static str, &'static str),
    Attribute,
    Other,
    Syntax,
    // Conditions that no call can keep.
    Alignment,
    // Kinds.
    NotCondition(String),
    NotNumber,
    IsNumber(String),
    // Contradictions to the library.
    Contradicts(String, u64, ExtentSource),
}

/// The source that says how many elements a parameter has.
#[derive(Clone, Debug)]
pub(crate) enum ExtentSource {
    Header,
    /// The debug information of a library, with the place in the source.
    Library(Option<String>),
}

impl ClauseFault {
    /// The text for the user.
    pub(crate) fn text(&self) -> String {
        use ClauseFault as W;
        match self {
            W::Form => "`requires` takes conditions in parentheses: write `requires(n >= 0)`".into(),
            W::Empty => "a contract without conditions says nothing: write `requires(n >= 0)`, or leave it out".into(),
            W::OnBlock => "a contract belongs to one kernel: write `#[ve_kernel(requires(..))]` on its function in the block".into(),
            W::Twice => "`requires` is given twice: write all conditions into one, `requires(n >= 0, m >= 0)`".into(),
            W::Assigned => "a contract compares and changes nothing: write `==` instead of `=`".into(),
            W::Changed => "a contract changes nothing: write the sum or product itself, `n + 1`".into(),
            W::Cast(ty) => format!("integers are computed in 128 bits here: leave `as {ty}` out"),
            W::Bits(op, instead) => format!("conditions are joined by `&&` and `||`, and a contract has no bits: write `{instead}` instead of `{op}`"),
            W::Shifted(instead) => format!("a contract has no bits: write `{instead}` instead of a shift"),
            W::Arrow(instead) => format!("this is no comparison: write `{instead}`"),
            W::Chained => "comparisons do not chain: write `a < b && b < c`".into(),
            W::Borrowed => "a contract has values and no references: leave `&` out".into(),
            W::Followed => "a parameter by reference counts with its value: leave `*` out".into(),
            W::Range => "a contract has no ranges: write `0 <= n && n < 10`".into(),
            W::NoSuchFunction(name, Some(near)) => format!("a contract has no function `{name}`: write `{near}`"),
            W::NoSuchFunction(name, None) => format!(
                "a contract has no function `{name}`: it has `min(a, b)`, `max(a, b)`, `disjoint(x, y)` and `requires_known(x)`; \
                 what else a constant can be, declare as a `const`"
            ),
            W::IsMethod(form) => format!("this is asked of the parameter: write `{form}`"),
            W::NoSuchMethod(name, Some(near)) => format!("a parameter has no `{name}` in a contract: write `{near}`"),
            W::NoSuchMethod(name, None) => format!(
                "a parameter has no `{name}` in a contract: it has its value, `.len()`, `.is_null()` and `.is_aligned(8)`"
            ),
            W::MethodInstead(instead) => format!("a contract says this otherwise: write `{instead}`"),
            W::IsFunction(form) => format!("this is a function: write `{form}`"),
            W::Arguments(form) => format!("the number of arguments is wrong: write `{form}`"),
            W::NotOfParameter(name) => format!("`{name}` is asked of a parameter by its name, `x.{name}`, not of anything else"),
            W::NotParameter(form) => format!("this takes parameters by their names: write `{form}`"),
            W::NoParentheses(form) => format!("parentheses are missing: write `{form}`"),
            W::Generic(form) => format!("this takes no types: write `{form}`"),
            W::NoSuchParameter(name, near) => format!("no parameter is called `{name}`: write `{near}`"),
            W::Receiver => "a kernel has no `self`: write the name of a parameter".into(),
            W::SelfType => "a kernel is an item of its own, which has no `Self`: write the name of the type".into(),
            W::Anonymous => "a parameter that a contract names needs a name: give it one instead of `_`".into(),
            W::Field => "a contract does not look into data: pass what it is about as a parameter, or leave the condition out".into(),
            W::Index => "a contract does not look into memory: it knows values of parameters, and `x.len()`".into(),
            W::If => "a contract has no `if`: write `!condition || then`, with `&&` for both cases".into(),
            W::Block => "a contract is made of conditions, not of statements: leave the braces out".into(),
            W::Text => "a contract has no text: it compares numbers, such as `x.len() >= 8`".into(),
            W::Character => "a contract has no characters: write the number, such as `78` for `'N'`".into(),
            W::Tuple => "conditions stand side by side: write `requires(a, b)` without parentheses around them".into(),
            W::Array => "a contract has no arrays: write a condition for each, joined by `||` or `&&`".into(),
            W::Macro => "a contract has no macros: declare what it computes as a `const` and write its name".into(),
            W::Closure => "a contract has no closures: write the condition itself".into(),
            W::Word(word, instead) => format!("this is written in symbols: `{instead}` instead of `{word}`"),
            W::Attribute => "a condition takes no attribute: write `#[cfg_attr(.., ve_kernel(..))]` on the whole kernel, or leave it out".into(),
            W::Alignment => "an alignment is a positive number of bytes: write `x.is_aligned(8)`".into(),
            W::Other => "a contract has parameters, constants, `+ - * / %`, comparisons, `&&`, `||` and `!`: write a condition such as `x.len() >= n`".into(),
            W::Syntax => "this is no condition: write one such as `x.len() >= n`, with commas between several".into(),
            W::NotCondition(term) => format!("this is a number, where a condition is needed: write a comparison, such as `{term} > 0`"),
            W::IsNumber(name) => format!("`{name}` is a number and no memory: write `{name}` alone, or name a pointer or reference"),
            W::Contradicts(name, least, source) => format!(
                "the kernel's `{name}` has {least} elements{}, so no call can keep this: make both say the same",
                match source {
                    ExtentSource::Header => " by its header".to_owned(),
                    ExtentSource::Library(Some(location)) => format!(" ({location})"),
                    ExtentSource::Library(None) => String::new(),
                }
            ),
            W::NotNumber => "this is a condition, where a number is needed: join conditions by `&&` and `||`, compare them with `==` and `!=`".into(),
        }
    }
}
