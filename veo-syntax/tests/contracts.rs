//! The language of contracts, and the messages about everything else.

use veo_syntax::CrateBuild;
use veo_test_support as _;

const KERNEL: &str = "fn f(n: i64, m: &i32, factor: f64, x: *mut f64, y: *const f64);";

/// The expansion of a declaration with these clauses.
fn expanded(clauses: &str) -> String {
    let args = format!("lib = \"libk.so\", requires({clauses})");
    let tokens = veo_syntax::ve_kernel(
        args.parse().expect("tokens"),
        KERNEL.parse().expect("tokens"),
        &CrateBuild::nothing(),
    );
    tokens.to_string()
}

#[test]
fn clauses_are_kept_as_they_were_written() {
    for clause in [
        "x.len() >= n",
        "n >= 0 && m > -1 || !(n == m)",
        "(n + m) * 2 - 1 <= x.len() / 3 % 4",
        "min(n, max(m, 1)) != 0",
        "x.is_null() || x.is_aligned(8 * 2)",
        "disjoint(x, y)",
        "requires_known(x)",
        "factor > 0.5",
        "n < LIMIT",
        "n < limits::LIMIT",
        "n <= i32::MAX",
        "n < <Sizes as Limits>::N",
        "n < 0x10 && n > 1_000i64",
        "x.is_aligned(24)",
        "n != NULL",
        "n * -2 < 0",
    ] {
        let text = expanded(clause);
        assert!(!text.contains("compile_error"), "{clause}: {text}");
        let list = format!("contract : & [{clause:?}]");
        assert!(text.contains(&list), "{clause}: {text}");
        // Blanks are nobody's business.
        let narrow = clause.replace(" && ", "&&").replace(" >= ", ">=");
        assert!(expanded(&narrow).contains(&list), "{narrow}");
    }
}

#[test]
fn expressions_that_contracts_lack_are_refused_with_advice() {
    for (clause, words) in [
        ("n = 3", "write `==` instead of `=`"),
        ("n += 3", "`n + 1`"),
        ("n as usize > 3", "leave `as usize` out"),
        ("n as i64 < 3", "leave `as i64` out"),
        ("n > 0 & m > 0", "write `&&` instead of `&`"),
        ("n > 0 | m > 0", "write `||` instead of `|`"),
        ("x.len() >= n << 3", "write `* 8`"),
        ("n =< 3", "write `<=`"),
        ("n => 3", "write `>=`"),
        ("n <> 3", "write `!=`"),
        ("0 <= n < 8", "a < b && b < c"),
        ("n > 0; n < 3", "write `,` instead of `;`"),
        ("n > 0 x.len() >= n", "a comma is missing before `x`"),
        ("(n > 0) n < 3", "a comma is missing before `n`"),
        ("n > 0, , n < 3", "one comma too many"),
        (", n > 0", "one comma too many"),
        ("(0 <= n) < 8", "a < b && b < c"),
        ("&n > 0", "leave `&` out"),
        ("*m > 0", "leave `*` out"),
        ("0..n", "0 <= n && n < 10"),
        ("len(x) > n", "write `x.len()`"),
        ("is_aligned(x, 8)", "write `x.is_aligned(8)`"),
        ("abs(n) > 3", "max(n, -n)"),
        ("mni(n, 3) > 2", "write `min`"),
        ("sqrt(n) > 2", "declare as a `const`"),
        ("n.max(3) > 3", "write `max(n, 3)`"),
        ("x.is_empty()", "x.len() == 0"),
        ("x.lenght() > n", "write `x.len()`"),
        ("x.first() > n", "it has its value"),
        ("x.len > n", "write `x.len()`"),
        ("x.y > n", "does not look into data"),
        ("x[0] > 0.0", "does not look into memory"),
        ("(n + m).len() > 0", "asked of a parameter by its name"),
        ("LIMIT.len() > 0", "parameters by their names"),
        ("n.len() > 0", "write `n` alone"),
        ("x.len(3) > 0", "write `x.len()`"),
        ("min(n) > 0", "write `min(a, b)`"),
        ("min::<i64>(n, m) > 0", "this takes no types"),
        ("disjoint(x, y, x)", "write `disjoint(x, y)`"),
        ("disjoint(x, y + 1)", "write `disjoint(x, y)`"),
        ("fcator > 0.0", "write `factor`"),
        ("self > 0", "no `self`"),
        ("_ > 0", "give it one instead of `_`"),
        ("if n > 0 { true } else { false }", "!condition || then"),
        ("match n { _ => true }", "!condition || then"),
        ("{ n > 0 }", "leave the braces out"),
        ("n == \"three\"", "compares numbers"),
        ("n == 'N'", "write the number"),
        ("(n > 0, m > 0)", "side by side"),
        ("n == [1, 2]", "no arrays"),
        ("matches!(n, 1)", "no macros"),
        ("|| n > 0", "no closures"),
        ("n > 0 and m > 0", "`&&` instead of `and`"),
        ("not n > 0", "`!` instead of `not`"),
        ("n", "such as `n > 0`"),
        ("n + 1", "write a comparison"),
        ("n && x.is_null()", "such as `n > 0`"),
        ("!n", "such as `n > 0`"),
        ("(n > 0) + 1 > 1", "where a number is needed"),
        ("x.is_null() == 0", "where a condition is needed"),
        ("n >", "this is no condition"),
        ("n?  > 0", "a contract has parameters"),
        ("Self::N > n", "write the name of the type"),
        ("n < <Self as Limits>::N", "write the name of the type"),
        ("x != NULL", "write `!x.is_null()`"),
        ("veo_core::NULL == x", "write `x.is_null()`"),
        ("x != std::ptr::null()", "write `x.is_null()`"),
        ("n != 0 ? m > 0 : true", "!condition || then"),
        ("n > 0 -> m > 0", "write `!condition || then`"),
        ("implies(n > 0, m > 0)", "write `!a || b`"),
        ("x->len > 0", "write `x.len()`"),
        ("n ** 2 > 0", "write `n * n`"),
        ("n ^^ 1", "write `!=` instead of `^^`"),
        ("~n == 0", "write `!` instead of `~`"),
        ("n++ > 0", "changes nothing"),
        ("n in 0..10", "0 <= n && n < 10"),
        ("(0..10).contains(&n)", "0 <= n && n < 10"),
        ("self.n > 0", "no `self`"),
        ("#[cfg(test)] n > 0", "takes no attribute"),
        ("min(#[cfg(test)] n, 1) > 0", "takes no attribute"),
        ("x.is_aligned(0)", "positive number of bytes"),
        ("x.is_aligned(-8)", "positive number of bytes"),
    ] {
        let text = expanded(clause);
        assert!(text.contains("compile_error"), "{clause} is taken");
        assert!(
            text.contains(&words.replace('"', "\\\"")),
            "{clause}: {words}: {text}"
        );
    }
}

/// The expansion of a declaration with these keys, if `VEO_VERIFY` has this value.
fn bounded(keys: &str, policy: Option<&str>) -> String {
    let args = format!("lib = \"libk.so\", {keys}");
    let built = CrateBuild::new(None, policy.map(str::to_owned));
    let (args, item) = (args.parse().unwrap(), KERNEL.parse().unwrap());
    veo_syntax::ve_kernel(args, item, &built).to_string()
}

#[test]
fn bounds_of_a_header_are_clauses_unless_nothing_is_compared() {
    let keys = "requires(n > 0), bounds(x.is_null() || x.len() >= 16, y.len() >= n)";
    let all = "contract : & [\"n > 0\" , \"x.is_null() || x.len() >= 16\" , \"y.len() >= n\"]";
    let own = "contract : & [\"n > 0\"]";
    for (verify, policy, contract) in [
        ("", None, all),
        ("", Some("warn"), all),
        ("", Some("off"), own),
        (", verify = \"off\"", None, own),
        (", verify = \"warn\"", Some("off"), all),
    ] {
        let text = bounded(&format!("{keys}{verify}"), policy);
        assert!(text.contains(contract), "{verify}, {policy:?}: {text}");
        let is_tracked = text.contains("\"VEO_VERIFY\"");
        assert_eq!(
            is_tracked,
            verify.is_empty(),
            "{verify}, {policy:?}: {text}"
        );
    }
}

#[test]
fn a_clause_that_no_call_can_keep_beside_a_bound_is_a_mismatch() {
    let bounds = "bounds(x.is_null() || x.len() >= 16, y.len() >= n)";
    for (clause, is_wrong) in [
        ("x.len() == 8", true),
        ("x.is_null() || x.len() == 8", true),
        ("x.len() <= 15 || x.len() == 3", true),
        ("n > 0 && 16 > x.len()", true),
        ("x.len() >= 8", false),
        ("x.len() == 16", false),
        ("x.len() < 17", false),
        ("y.is_null() || x.len() == 8", false),
        ("n == 0 || x.len() == 8", false),
        ("x.is_null()", false),
        ("y.len() == 0", false),
    ] {
        let keys = format!("requires({clause}), {bounds}");
        let said = "the kernel's `x` has 16 elements by its header, so no call can keep this";
        let text = bounded(&keys, None);
        assert_eq!(text.contains(said), is_wrong, "{clause}: {text}");
        assert_eq!(text.contains("compile_error"), is_wrong, "{clause}: {text}");
        let text = bounded(&keys, Some("warn"));
        assert_eq!(text.contains(said), is_wrong, "{clause}: {text}");
        assert!(!text.contains("compile_error"), "{clause}: {text}");
        let text = bounded(&keys, Some("off"));
        assert!(!text.contains(said), "{clause}: {text}");
    }
}
