//! Which library is taken where one of each kind of code is there.

use std::ffi::OsStr;

use veo_build::Target;
use veo_core::{VeoLibrary, VeoProc, ve_kernel};

use crate::library::{again, build, clang, is_again, scratch};

#[ve_kernel(lib = "libvechoice.so")]
fn which() -> i32;

const SOURCE: &str =
    "int which(void) {\n#ifdef __ve__\n return 251;\n#else\n return 0;\n#endif\n}\n";

#[test]
fn the_preferred_one_is_taken() {
    if !clang() {
        return;
    }
    if is_again() {
        match VeoProc::new(0) {
            Ok(proc) => {
                let number = which(&proc).unwrap();
                let is_ve = proc.libs().iter().all(VeoLibrary::is_ve_code);
                println!("\nwhich {number} {is_ve}");
            }
            Err(error) => println!("\n{error}"),
        }
        return;
    }
    let directory = scratch();
    for (target, name) in [(Target::Host, "host"), (Target::Ve1Llvm, "ve1-llvm")] {
        let built = build(&directory, "libvechoice.so", SOURCE, target);
        std::fs::create_dir(directory.join(name)).unwrap();
        std::fs::copy(built, directory.join(name).join("libvechoice.so")).unwrap();
    }
    let path = directory.as_os_str();
    let chosen = |prefer: &str| {
        let variables: [(&str, &OsStr); 2] = [
            ("VEO_LIBRARY_PATH", path),
            ("VEO_EMU_PREFER", prefer.as_ref()),
        ];
        again("choosing::the_preferred_one_is_taken", &variables)
    };
    for (prefer, expected) in [
        ("", "which 0 false"),
        ("host", "which 0 false"),
        ("ve", "which 251 true"),
        ("vector", "VEO_EMU_PREFER is \"vector\"; it can be `ve`"),
    ] {
        let said = chosen(prefer);
        assert!(said.contains(expected), "{prefer}: {said}");
    }
    // If there is only one, it is taken.
    std::fs::remove_dir_all(directory.join("host")).unwrap();
    let said = chosen("host");
    assert!(said.contains("which 251 true"), "{said}");
}
