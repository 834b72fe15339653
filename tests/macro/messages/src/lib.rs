//! Wrong programs and what the compiler says about them: see `tests`.
