//! The VE side of a process. Only `libveo.so.1` starts it.

fn main() -> std::process::ExitCode {
    // This does not return if the library has started the program.
    veo_emu::veorun_main();
    eprintln!("veorun: started by libveo.so.1 as the VE's side of a process, not by hand");
    std::process::ExitCode::FAILURE
}
