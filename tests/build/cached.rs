//! The dependency of a crate on the prototypes that its declarations were compared with, as the compiler reports it to Cargo
//! and caches.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::package::{Package, done, said as told};

const KERNEL: &str =
    "double half(double x) { return x / 2; }\nlong twice(long n) { return n + n; }\n";

/// A package of this name with a library of kernels and these declarations.
fn package(name: &str, declarations: &str) -> Package {
    let package = Package::new(name);
    let manifest = fs::read_to_string(package.dir.join("Cargo.toml")).unwrap();
    let core = package.workspace().join("veo-core");
    package.write(
        "Cargo.toml",
        &format!("{manifest}\n[dependencies]\nveo-core = {{ path = {core:?} }}\n"),
    );
    package.builds("new(\"libk.so\").file(\"k.c\")");
    package.write("k.c", KERNEL);
    fs::remove_file(package.dir.join("src/main.rs")).unwrap();
    package.write("src/lib.rs", declarations);
    package
}

/// The lines of what the compiler says it has read for this crate.
fn dependencies(package: &Package, name: &str) -> String {
    let deps = package.target().join("debug/deps");
    let start = format!("{}-", name.replace('-', "_"));
    let files = fs::read_dir(deps)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let of_this = |path: &Path| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        file.starts_with(&start) && file.ends_with(".d")
    };
    let texts = files
        .filter(|path| of_this(path))
        .map(|path| fs::read_to_string(path).unwrap());
    texts.collect()
}

#[test]
fn prototypes_are_among_the_dependencies() {
    let name = "veo-test-depends";
    let one = "#[veo_core::ve_kernel(lib = \"libk.so\")]\npub fn half(x: f64) -> f64;\n";
    let block = "#[veo_core::ve_kernel(lib = \"libk.so\")]\nunsafe extern \"C\" {\n    pub safe fn half(x: f64) -> f64;\n    \
                 pub safe fn twice(n: i64) -> i64;\n}\n";
    let conditional = "#[veo_core::ve_kernel(lib = \"libk.so\")]\nunsafe extern \"C\" {\n    #[cfg(any())]\n    pub safe fn half(x: f64) -> f64;\n    \
                       pub safe fn twice(n: i64) -> i64;\n}\n";
    let warned = "#[veo_core::ve_kernel(lib = \"libk.so\", verify = \"warn\")]\npub fn half(x: f32) -> f64;\n";
    let unchecked = "#[veo_core::ve_kernel(lib = \"libk.so\", verify = \"off\")]\npub fn half(x: f32) -> f64;\n";
    let package = package(name, one);
    // Without a comparison there is nothing to depend on.
    for (declarations, compared) in [
        (one, true),
        (block, true),
        (conditional, true),
        (warned, true),
        (unchecked, false),
    ] {
        package.write("src/lib.rs", declarations);
        package.rebuilt();
        let said = dependencies(&package, name);
        assert!(said.contains("src/lib.rs"), "{said}");
        let told = said.contains("/veo/prototypes/libk.so.txt:");
        assert_eq!(told, compared, "{declarations}: {said}");
        package.assert_fresh();
    }
}

#[test]
fn a_cache_refuses_what_the_compiler_refuses() {
    let found = Command::new("sccache")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !veo_test_support::available(
        "sccache (Debian: sccache)",
        found.is_ok_and(|status| status.success()),
    ) {
        return;
    }
    let cache = Cache::new();
    let name = "veo-test-cached";
    // The compiler compares an alias, long after a cache has asked which files are read.
    let package = package(
        name,
        "type Real = f64;\n#[veo_core::ve_kernel(lib = \"libk.so\")]\npub fn half(x: Real) -> f64;\n",
    );
    let build = || {
        package.clean(name);
        cache
            .apply(&mut package.cargo(&["build"]))
            .output()
            .unwrap()
    };
    for _ in 0..2 {
        let output = build();
        assert!(output.status.success(), "{}", told(&output));
    }
    assert!(
        cache.hits() > 0,
        "the second build was to come from the cache"
    );
    package.write("k.c", &KERNEL.replace("half(double x)", "half(float x)"));
    let output = build();
    assert!(
        !output.status.success() && told(&output).contains("declare `f32`"),
        "{}",
        told(&output)
    );
    package.write("k.c", KERNEL);
    let output = build();
    assert!(output.status.success(), "{}", told(&output));
}

/// A server of sccache with an empty cache, for as long as this lives.
struct Cache {
    dir: TempDir,
    port: u16,
}

impl Cache {
    fn new() -> Cache {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let cache = Cache {
            dir: tempfile::tempdir().expect("a temporary directory can be made"),
            port: socket.local_addr().unwrap().port(),
        };
        drop(socket);
        done(cache.command().arg("--start-server"));
        cache
    }

    fn apply<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("RUSTC_WRAPPER", "sccache")
            .env("CARGO_INCREMENTAL", "0")
            .env("SCCACHE_DIR", self.dir.path())
            .env("SCCACHE_SERVER_PORT", self.port.to_string())
            .env("SCCACHE_IDLE_TIMEOUT", "120")
    }

    fn command(&self) -> Command {
        let mut command = Command::new("sccache");
        self.apply(&mut command);
        command
    }

    fn hits(&self) -> u32 {
        let stats = done(self.command().arg("--show-stats"));
        let line = stats.lines().find(|line| line.starts_with("Cache hits  "));
        let number = line.and_then(|line| line.split_whitespace().last()?.parse().ok());
        number.unwrap_or_else(|| panic!("{stats}"))
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        let _ = self.command().arg("--stop-server").output();
    }
}
