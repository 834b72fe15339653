//! What each operation computes: one function for each operation.
//!
//! No decoding and no dispatch: values come in, a value comes out. It uses `state` for the processor status word only.
