//! An emulated Vector Engine node: the libveo interface over a separate process
