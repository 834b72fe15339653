//! Calls of kernels: which word goes where, by the prototype in the debug information. Uses
//! the loader and nothing of the mailboxes.

use std::collections::HashMap;
use std::ffi::{CStr, c_void};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use veo_abi::prototype::{Encoding, FoundType, Prototype, Prototypes, TypeId};
use veo_debuginfo::prototypes::read_file;

/// The kind of register that a value travels in.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Class {
    Integer,
    /// A VE register holds it in its upper half, an x86 register in its lower.
    Float,
    Double,
}

/// The arguments and the result of a function.
#[derive(Debug)]
pub struct Form {
    /// None if nothing is known: all words are integers.
    params: Option<Vec<Class>>,
    result: Class,
}

/// How often libraries were loaded or unloaded.
static CHANGES: AtomicU64 = AtomicU64::new(0);
static FILES: Mutex<Option<HashMap<PathBuf, Arc<Prototypes>>>> = Mutex::new(None);

/// Libraries were loaded or unloaded: another one may be at the old addresses.
pub fn libraries_changed() {
    *FILES.lock().unwrap_or_else(PoisonError::into_inner) = None;
    CHANGES.fetch_add(1, Ordering::SeqCst);
}

/// A context's knowledge of functions.
pub struct Known {
    changes: u64,
    last: Option<(u64, Arc<Form>)>,
    forms: HashMap<u64, Arc<Form>>,
}

impl Known {
    pub fn new() -> Self {
        Self {
            changes: 0,
            last: None,
            forms: HashMap::new(),
        }
    }

    /// The form of the function there.
    pub fn form(&mut self, address: u64) -> Arc<Form> {
        let changes = CHANGES.load(Ordering::Acquire);
        if changes != self.changes {
            *self = Self {
                changes,
                ..Self::new()
            };
        }
        match &self.last {
            Some((last, form)) if *last == address => form.clone(),
            _ => {
                let form = self.forms.entry(address).or_insert_with(|| {
                    Arc::new(declared(address).unwrap_or(Form {
                        params: None,
                        result: Class::Integer,
                    }))
                });
                self.last = Some((address, form.clone()));
                form.clone()
            }
        }
    }
}

/// The debug information of a library about the function there.
fn declared(address: u64) -> Option<Form> {
    // SAFETY: the structure is of pointers, for which zeros are valid.
    let mut info: libc::Dl_info = unsafe { mem::zeroed() };
    // SAFETY: any address may be asked for, and `info` is written to only.
    let found = unsafe { libc::dladdr(address as *const c_void, &mut info) } != 0;
    if !found || info.dli_sname.is_null() || info.dli_saddr as u64 != address {
        return None;
    }
    // SAFETY: both are strings of the library at `address`, which the host does not unload
    // while it calls a function of it.
    let (file, symbol) = unsafe {
        (
            CStr::from_ptr(info.dli_fname),
            CStr::from_ptr(info.dli_sname),
        )
    };
    let file = PathBuf::from(file.to_str().ok()?);
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    let prototypes = files
        .get_or_insert_default()
        .entry(file)
        .or_insert_with_key(|file| Arc::new(read_file(Path::new(file)).unwrap_or_default()))
        .clone();
    drop(files);
    prototypes.get(symbol.to_str().ok()?).map(form)
}

fn form(prototype: &Prototype) -> Form {
    let class = |id: TypeId| match prototype.types.resolved(id) {
        FoundType::Base {
            encoding: Encoding::Float,
            size: 4,
            ..
        } => Class::Float,
        FoundType::Base {
            encoding: Encoding::Float,
            size: 8,
            ..
        } => Class::Double,
        _ => Class::Integer,
    };
    let known = prototype.prototyped && !prototype.variadic;
    Form {
        params: known.then(|| prototype.params.iter().map(|p| class(p.ty)).collect()),
        result: class(prototype.result),
    }
}

/// The most words on the stack of any call.
const STACK: usize = 256;

/// The words of a call where the x86 calling convention has them.
struct Sorted {
    integers: [u64; 6],
    floats: [f64; 8],
    stack: [u64; STACK],
    on_stack: usize,
}

/// Sorts words into registers and the stack; those that are not declared are left out.
fn sort(form: &Form, words: &[u64]) -> Sorted {
    let mut sorted = Sorted {
        integers: [0; 6],
        floats: [0.0; 8],
        stack: [0; STACK],
        on_stack: 0,
    };
    let (mut integers, mut floats) = (0, 0);
    let declared = form.params.as_ref().map_or(words.len(), Vec::len);
    for (index, word) in words.iter().take(declared).enumerate() {
        let class = form.params.as_ref().map_or(Class::Integer, |p| p[index]);
        let word = if class == Class::Float {
            word >> 32
        } else {
            *word
        };
        if class == Class::Integer && integers < sorted.integers.len() {
            sorted.integers[integers] = word;
            integers += 1;
        } else if class != Class::Integer && floats < sorted.floats.len() {
            sorted.floats[floats] = f64::from_bits(word);
            floats += 1;
        } else if sorted.on_stack < STACK {
            sorted.stack[sorted.on_stack] = word;
            sorted.on_stack += 1;
        }
    }
    sorted
}

/// Both registers that a result may be in.
#[repr(C)]
struct Both {
    integer: u64,
    float: f64,
}

/// Words that travel on the stack, as a structure passed by value does.
#[repr(C)]
struct Stack<const N: usize>([u64; N]);

/// The type by which a function is called: all registers are filled, whatever it declares.
#[rustfmt::skip]
type Function<const N: usize> = unsafe extern "C" fn(
    u64, u64, u64, u64, u64, u64, f64, f64, f64, f64, f64, f64, f64, f64, Stack<N>,
) -> Both;
#[rustfmt::skip]
type InRegisters = unsafe extern "C" fn(
    u64, u64, u64, u64, u64, u64, f64, f64, f64, f64, f64, f64, f64, f64,
) -> Both;

/// Calls the function with these words and returns its result as a VE register would hold it.
///
/// # Safety
/// A function is there, it is of this form, and what it does with these words is the
/// caller's affair.
pub unsafe fn call(address: u64, form: &Form, words: &[u64]) -> u64 {
    let sorted = sort(form, words);
    let (i, f) = (sorted.integers, sorted.floats);
    macro_rules! call_as {
        ($kind:ty $(, $stack:expr)?) => {{
            // SAFETY: the caller says that a function is there. In this calling convention
            // one that takes less ignores the other registers and the rest of the stack, and
            // the result is in one of the two registers that `Both` is returned in.
            unsafe {
                let function: $kind = mem::transmute(address as usize);
                function(
                    i[0], i[1], i[2], i[3], i[4], i[5],
                    f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7]
                    $(, $stack)?
                )
            }
        }};
    }
    let both = match sorted.on_stack {
        0 => call_as!(InRegisters),
        1..=8 => call_as!(
            Function<8>,
            Stack(std::array::from_fn(|at| sorted.stack[at]))
        ),
        _ => call_as!(Function<STACK>, Stack(sorted.stack)),
    };
    match form.result {
        Class::Integer => both.integer,
        Class::Double => both.float.to_bits(),
        Class::Float => both.float.to_bits() << 32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(params: &[Class], result: Class) -> Form {
        Form {
            params: Some(params.to_vec()),
            result,
        }
    }

    extern "C" fn mixed(a: i64, b: f32, c: f64, d: i32) -> f64 {
        a as f64 + f64::from(b) * 10.0 + c * 100.0 + f64::from(d) * 1000.0
    }

    #[rustfmt::skip]
    extern "C" fn many(
        a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, x: f32, h: i64,
    ) -> f32 {
        x + (a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h) as f32
    }

    #[test]
    fn words_reach_the_registers_of_their_types() {
        use Class::{Double, Float, Integer};
        let form = of(&[Integer, Float, Double, Integer], Double);
        let words = [
            1,
            u64::from(2f32.to_bits()) << 32,
            3f64.to_bits(),
            -4i64 as u64,
            99, // not declared
        ];
        // SAFETY: the function is of this form.
        let word = unsafe { call(mixed as *const () as u64, &form, &words) };
        assert_eq!(f64::from_bits(word), mixed(1, 2.0, 3.0, -4));
    }

    #[test]
    fn words_that_find_no_register_are_on_the_stack() {
        use Class::{Float, Integer};
        let mut params = [Integer; 9];
        params[7] = Float;
        let mut words: Vec<u64> = (1..=9).collect();
        words[7] = u64::from(0.5f32.to_bits()) << 32;
        let form = of(&params, Float);
        let sorted = sort(&form, &words);
        assert_eq!(sorted.on_stack, 2);
        assert_eq!(sorted.stack[..2], [7, 9]);
        // SAFETY: the function is of this form.
        let word = unsafe { call(many as *const () as u64, &form, &words) };
        let expected = many(1, 2, 3, 4, 5, 6, 7, 0.5, 9);
        assert_eq!(f32::from_bits((word >> 32) as u32), expected);
    }

    #[test]
    fn without_a_prototype_all_words_are_integers() {
        let form = Form {
            params: None,
            result: Class::Integer,
        };
        let sorted = sort(&form, &[5; 300]);
        assert_eq!(sorted.integers, [5; 6]);
        assert_eq!(sorted.on_stack, STACK);
    }
}
