//! The VE's side of a process: `libveo.so.1` starts it, never a person.

fn main() -> std::process::ExitCode {
    // Does not return where the library has started it.
    veo_emu::veorun_main();
    eprintln!("veorun: started by libveo.so.1 as the VE's side of a process, not by hand");
    std::process::ExitCode::FAILURE
}
