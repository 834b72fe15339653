//! Procedural macros of veo-core: #[ve_kernel] and #[derive(VeData)]
