//! Constant bounds of Fortran become contracts of declarations.

use veo_abi::build_dir;
use veo_syntax::CrateBuild;

use crate::compilers::fortran_compilers;

const SOURCE: &str = "\
subroutine bounds(n, fixed, table, given, open, z)
  integer n
  real(8) fixed(16), table(3,0:4), given(n), open(*)
  complex(8) z(2)
  fixed(1) = table(1,1) + given(1) + open(1) + real(z(1))
end subroutine
";

const PARAMETERS: &str = "(n: &i32, fixed: *mut f64, table: &[f64], given: *const f64, \
                          open: *const f64, z: *const [f64; 2]);";

#[test]
fn constant_bounds_of_fortran_are_contracts() {
    for compiler in fortran_compilers() {
        let found = compiler.prototypes("bounds.f90", SOURCE);
        let out_dir = tempfile::tempdir().unwrap();
        let dir = build_dir::of(out_dir.path()).join(build_dir::PROTOTYPES);
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join(build_dir::prototypes_file("libbounds.so"));
        std::fs::write(file, found.to_text()).unwrap();
        let expanded = |keys: &str| {
            let args = format!("lib = \"libbounds.so\", name = \"bounds_\"{keys}");
            let item = format!("fn bounds{PARAMETERS}");
            let built = CrateBuild::new(Some(out_dir.path()), None);
            let args = args.parse().unwrap();
            veo_syntax::ve_kernel(args, item.parse().unwrap(), &built).to_string()
        };
        let of_library = "\"fixed.is_null() || fixed.len() >= 16\" , \
                          \"table.is_null() || table.len() >= 15\"]";
        for (keys, contract) in [
            ("", format!("contract : & [{of_library}")),
            (
                ", requires(n >= 0, fixed.len() >= 8)",
                format!("contract : & [\"n >= 0\" , \"fixed.len() >= 8\" , {of_library}"),
            ),
            (", verify = \"off\"", "contract : & []".to_owned()),
        ] {
            let text = expanded(keys);
            assert!(text.contains(&contract), "{compiler:?}, {keys}: {text}");
            assert!(
                !text.contains("compile_error"),
                "{compiler:?}, {keys}: {text}"
            );
        }
        for clause in [
            "fixed.len() == 8",
            "n > 0 && fixed.len() < 16",
            "15 >= fixed.len()",
        ] {
            let text = expanded(&format!(", requires({clause})"));
            let said = "the kernel's `fixed` has 16 elements";
            assert!(text.contains(said), "{compiler:?}, {clause}: {text}");
        }
    }
}
