//! Procedural macros of `veo-core`, which re-exports them: use them from there.
//!
//! Entry points only; `veo-syntax` does the work.

use proc_macro::TokenStream;

/// Declares kernels: functions of a library that runs on the Vector Engine.
///
/// The attribute is placed on a function without a body, or on a block of such functions.
/// Each becomes a function with the same name, visibility and documentation, and with an
/// additional first argument that says where the kernel runs. With a `&VeoContext`, the call
/// is queued and returns a `VeoRequest`. With a `&VeoProc`, it runs at once and returns the
/// result.
///
/// ```
/// use veo_core::{OnStack, Result, VeoContext, ve_kernel};
///
/// #[ve_kernel(lib = "libvetest.so")]
/// fn add(a: i32, b: *mut f64) -> i64;
///
/// #[ve_kernel(lib = "libvetest.so")]
/// unsafe extern "C" {
///     /// Calls need no `unsafe`: the block promises that they are safe.
///     pub safe fn scale(x: &mut [f64], n: u64, factor: f64);
///
///     /// The caller must pass a valid address, so calls are `unsafe`.
///     pub unsafe fn poke(address: u64, value: u8);
/// }
///
/// fn call(ctx: &VeoContext) -> Result<i64> {
///     let mut y = [0.0; 3];
///     let request = add(ctx, 3, OnStack::inout(&mut y))?;
///     request.wait()
/// }
/// ```
///
/// # Keys
///
/// | key | meaning |
/// |---|---|
/// | `lib = "libx.so"` | the library: a file name that is searched for when the program runs, or a path with a slash |
/// | `static` | instead of `lib`: the kernel is linked into veorun |
/// | `name = "symbol"` | the name in the library, if it differs; in a block on the single function, as `#[ve_kernel(name = "..")]` (`#[link_name = ".."]` does the same) |
/// | `optional` | the library may lack the kernel; it is looked up on first use |
/// | `lazy` | the kernel is looked up on first use instead of when a process is created |
/// | `verify = "deny"` | what a declaration is that contradicts the library: an error (`deny`, the default), a warning (`warn`), or not looked for (`off`) |
/// | `requires(n >= 0, ..)` | the contract: conditions that every call has to keep, see below; in a block on the single function |
/// | `shared(x)` | the kernel writes a part of `x`, and so do others at the same time: `VEO_EMU_RACES` reports no two of them; in a block on the single function |
/// | `crate = path` | the path of `veo_core`, if the crate knows it by another name |
///
/// # Parameters
///
/// | declared | a call passes |
/// |---|---|
/// | `i8` to `i64`, `u8` to `u64`, `isize`, `usize`, `f32`, `f64`, and aliases such as `c_int` | exactly that type |
/// | `*const T` | `&VeBuffer<T>`, `&mut VeBuffer<T>`, `VeSlice<T>`, `VeMemPtr<T>`, `OnStack::input(&x)`, `NULL` |
/// | `*mut T` | `&mut VeBuffer<T>`, `VeSliceMut<T>`, `VeMemPtr<T>`, `OnStack::inout(&mut x)`, `OnStack::output(&mut x)`, `NULL` |
/// | `*const c_void`, `*mut c_void` | any of these, of any type |
/// | `*mut Handle` with `#[derive(VeOpaque)]` | `VeMemPtr<Handle>`, `NULL` |
/// | `*const *const T`, `*mut *mut T` | memory that holds `VeAddr<T>` |
/// | `&T`, `&[T]`, `&mut T`, `&mut [T]` | the reference; the data travel with the call, on the kernel's stack |
/// | `VeMemPtr<T>`, `OnStack<T>` | just that |
/// | `extern "C" fn(..)` | a function of the VE: `&VeoFunction`, `VeMemPtr<c_void>`, `NULL` |
///
/// A parameter may have any name, even the name of a constant in scope. `T` is plain data: see
/// the derive macro `VeData`. A kernel has at most 256 parameters. It returns nothing, a number,
/// or a pointer, which becomes a `VeMemPtr`. Fortran takes its arguments by reference: declare
/// `&i32`, and the name with its underscore.
///
/// # Contracts
///
/// `requires(..)` says what a call means beyond its types. The conditions are checked at each call,
/// before anything is sent; one that does not hold is `Error::Contract`, with the condition, the numbers
/// in it, and the places of the declaration and of the call. The documentation of the kernel shows them.
///
/// ```
/// use veo_core::ve_kernel;
///
/// #[ve_kernel(lib = "libscale.so", requires(x.len() >= n, n >= 0))]
/// fn scale(n: i64, factor: f64, x: *mut f64) -> f64;
///
/// /// The leading dimension of the matrices here.
/// const LINE: usize = 512;
///
/// #[ve_kernel(lib = "libscale.so", requires(
///     n <= LINE,
///     a.len() >= max(m - 1, 0) * LINE + n,
///     weights.is_null() || weights.len() >= m,
///     disjoint(a, out),
///     out.is_aligned(64),
/// ))]
/// fn rows(m: u32, n: u32, a: *const f64, weights: *const f64, out: *mut f64);
/// ```
///
/// | a condition has | meaning |
/// |---|---|
/// | `n` | the value of a number; of a reference or pointer to a number, its value if it travels with the call |
/// | `x.len()` | how many elements of the declared type there are; bytes for `c_void` |
/// | `x.is_null()`, `x.is_aligned(64)` | what is known of the address |
/// | `disjoint(x, y)` | the two have no byte in common |
/// | `requires_known(x)` | the length of `x` is known; of a pointer whose number a condition uses, that number; of a number, always |
/// | `min(a, b)`, `max(a, b)`, `+ - * / %`, comparisons, `&& \|\| !` | as in Rust |
/// | `5`, `0.5`, `true`, `LINE`, `i32::MAX` | literals and constants |
///
/// - Integers are computed in 128 bits, whatever their types. An overflow, a division by zero and a
///   comparison with a NaN break the condition, unless what stands on the left of `&&` or `||` decides.
///   Floats go with floats: `0.0`, not `0`. An `f32` counts with its exact value.
/// - The lengths of buffers, slices, references and data on the stack are known. `NULL` has length 0. The length of a
///   `VeMemPtr` is unknown, and so is a number in VE memory. A term with an unknown part is unknown, except that
///   `false && unknown` is false and `true || unknown` is true. A condition that is unknown in the end counts as kept.
/// - A condition of constants alone is computed by the compiler; if it does not hold, that is an error.
/// - Constant bounds of Fortran, `x(16)`, that the debug information of a library of the crate's own build tells
///   are clauses as well, and so are extents of arrays in an imported header (`veo-build` writes them as `bounds(..)`),
///   unless `verify` or `VEO_VERIFY` is `off`. A clause that no call can keep beside one is an error.
/// - Contracts are checks, not promises: no soundness depends on them.
///
/// # In documentation
///
/// rustdoc shows a kernel with public names: `Target`, `Arg`. A crate that re-exports kernels of another
/// one should write `#[doc(no_inline)] pub use other::kernel;`, which links to the kernel's page
/// there. An inlined page shows the signature that was compiled, with names that have no pages:
/// only the crate that is documented is compiled for rustdoc.
///
/// # Errors while compiling
///
/// Every mistake in a declaration is reported at its token. The message says what to write
/// instead. If the crate's build script makes the library with `veo-build`, the declaration is
/// also compared with the function itself: number of parameters, widths, signs, pointees, fields
/// of structures, the result. `VEO_VERIFY=deny`, `warn` or `off` in the environment of the
/// compiler decides for declarations without `verify`; types known by an alias are compared
/// only where contradictions are errors. Libraries from elsewhere are compared when they
/// are loaded.
#[proc_macro_attribute]
pub fn ve_kernel(args: TokenStream, item: TokenStream) -> TokenStream {
    let built = veo_syntax::CrateBuild::of_this_crate();
    veo_syntax::ve_kernel(args.into(), item.into(), &built).into()
}

/// Implements `VeData` for a structure of plain data, so that values, references and
/// pointers to it can be passed to kernels.
///
/// The structure must be `Copy` and `#[repr(C)]`, or `#[repr(transparent)]`, which makes it
/// equal to its field. All its fields must be plain data: integers up to 64 bits, `f32`, `f64`,
/// arrays, such structures, and `VeAddr<T>` where C has a pointer. Padding is fine.
///
/// The derive records names, offsets and types of the fields, for the comparison with the
/// kernel's own structure. It also records the target of a `VeAddr<T>`: plain data, `c_void`, or
/// a handle with `#[derive(VeOpaque)]`. It follows up to two pointers from one structure to the
/// next, or fewer if that would lead to hundreds of fields.
///
/// ```
/// use veo_core::{VeAddr, VeData};
///
/// #[derive(Clone, Copy, VeData)]
/// #[repr(C)]
/// struct Particle {
///     position: [f64; 3],
///     charge: i8,
///     next: VeAddr<Particle>,
/// }
/// ```
///
/// Type parameters must be plain data, too. `#[ve_data(crate = path)]` gives the path of
/// `veo_core`.
#[proc_macro_derive(VeData, attributes(ve_data))]
pub fn derive_ve_data(item: TokenStream) -> TokenStream {
    veo_syntax::derive_ve_data(item.into()).into()
}

/// Lets kernels take and return pointers to an opaque type. Only the kernels know its contents.
///
/// ```
/// use veo_core::{VeOpaque, ve_kernel};
///
/// #[derive(VeOpaque)]
/// struct Plan {
///     _private: [u8; 0],
/// }
///
/// #[ve_kernel(lib = "libplans.so")]
/// unsafe extern "C" {
///     safe fn plan_create(n: i32) -> *mut Plan;
///     safe fn plan_destroy(plan: *mut Plan);
/// }
/// ```
///
/// `#[ve_opaque(crate = path)]` gives the path of `veo_core`.
#[proc_macro_derive(VeOpaque, attributes(ve_opaque))]
pub fn derive_ve_opaque(item: TokenStream) -> TokenStream {
    veo_syntax::derive_ve_opaque(item.into()).into()
}
