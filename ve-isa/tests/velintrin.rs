//! C functions with the intrinsics of `velintrin.h`, against scalar code for the same.

#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

use ve_isa::image::ImageFile;
use ve_isa::machine::{Machine, Unresolved};
use veo_test_support::ve;

/// Each function fills what it needs, computes with vectors and again without, and returns how many elements differ.
const SOURCE: &str = r#"
#include <velintrin.h>
typedef unsigned long u64; typedef long i64; typedef unsigned u32; typedef int i32;
enum { N = 1000 };
static double a[N], b[N], c[N];
static float p[N], q[N], r[N];
static i64 k[N], l[N], m[N];
static i32 s[N], t[N], u[N];
static u64 seed = 88172645463325252ul;
static u64 next(void) { seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17; return seed; }
static void fill(void) {
    for (int i = 0; i < N; i++) {
        a[i] = (double)(i64)next() * 0x1p-62; b[i] = (double)(i64)next() * 0x1p-62; c[i] = 0.5;
        p[i] = (float)(i32)next() * 0x1p-30f; q[i] = (float)(i32)next() * 0x1p-30f; r[i] = 0.25f;
        k[i] = (i64)next(); l[i] = (i64)next() >> (next() % 60); m[i] = 3;
        s[i] = (i32)next(); t[i] = (i32)next() >> (next() % 28); u[i] = 5;
    }
}
static int least(int n, int most) { return n < most ? n : most; }

int ddot(void) {
    fill();
    __vr sum = _vel_vbrdd_vsl(0.0, 256);
    for (int i = 0; i < N; i += 256) {
        int vl = least(N - i, 256);
        __vr x = _vel_vld_vssl(8, a + i, vl), y = _vel_vld_vssl(8, b + i, vl);
        sum = _vel_vfmadd_vvvvvl(sum, x, y, sum, vl);
    }
    double found = _vel_lvsd_svs(_vel_vfsumd_vvl(sum, 256), 0), expected = 0;
    for (int i = 0; i < N; i++) expected += a[i] * b[i];
    double off = found - expected;
    return off > 1e-10 || off < -1e-10 || expected == 0;
}
int daxpy(double f) {
    fill();
    // Products are exact, so that rounding once and rounding twice is the same.
    for (int i = 0; i < N; i++) a[i] = (double)(i32)next() * 0x1p-30;
    int bad = 0;
    double before[N];
    for (int i = 0; i < N; i++) before[i] = b[i];
    for (int i = 0; i < N; i += 256) {
        int vl = least(N - i, 256);
        __vr x = _vel_vld_vssl(8, a + i, vl), y = _vel_vld_vssl(8, b + i, vl);
        _vel_vst_vssl(_vel_vfmadd_vvsvl(y, f, x, vl), 8, b + i, vl);
    }
    for (int i = 0; i < N; i++) bad += b[i] != f * a[i] + before[i];
    return bad;
}
int saxpy_packed(float f) {
    fill();
    for (int i = 0; i < N; i++) p[i] = (float)(short)next() * 0x1p-14f;
    int bad = 0;
    u32 bits; __builtin_memcpy(&bits, &f, 4);
    u64 both = (u64)bits << 32 | bits;
    for (int i = 0; i < N; i += 512) {
        int vl = least(N - i, 512) / 2;
        __vr x = _vel_vld_vssl(8, p + i, vl), y = _vel_vld_vssl(8, q + i, vl);
        _vel_vst_vssl(_vel_pvfmad_vvsvl(y, both, x, vl), 8, r + i, vl);
    }
    for (int i = 0; i < N; i++) bad += r[i] != f * p[i] + q[i];
    return bad;
}
int singles(void) {
    fill();
    int bad = 0;
    for (int i = 0; i < N; i += 256) {
        int vl = least(N - i, 256);
        __vr x = _vel_vldu_vssl(4, p + i, vl), y = _vel_vldu_vssl(4, q + i, vl);
        __vr z = _vel_vfdivs_vvvl(_vel_vfsubs_vvvl(x, y, vl), _vel_vfadds_vsvl(3.0f, _vel_vfmuls_vvvl(x, x, vl), vl), vl);
        _vel_vstu_vssl(_vel_vfmaxs_vvvl(z, y, vl), 4, r + i, vl);
    }
    for (int i = 0; i < N; i++) {
        float z = (p[i] - q[i]) / (3.0f + p[i] * p[i]);
        bad += r[i] != (z > q[i] ? z : q[i]);
    }
    return bad;
}
int masked(void) {
    fill();
    int bad = 0;
    double before[N];
    for (int i = 0; i < N; i++) before[i] = a[i];
    for (int i = 0; i < N; i += 256) {
        int vl = least(N - i, 256);
        __vr x = _vel_vld_vssl(8, a + i, vl), y = _vel_vld_vssl(8, b + i, vl), old = _vel_vld_vssl(8, c + i, vl);
        __vm256 less = _vel_vfmkdlt_mvl(_vel_vfcmpd_vvvl(x, y, vl), vl);
        __vr z = _vel_vfdivd_vvvmvl(x, y, less, old, vl);
        __vm256 more = _vel_vfmkdgt_mvml(x, less, vl);
        z = _vel_vmrg_vvvml(z, _vel_vfsqrtd_vvl(_vel_vfmuld_vvvl(x, x, vl), vl), more, vl);
        _vel_vst_vssl(z, 8, c + i, vl);
        _vel_vst_vssml(y, 8, a + i, _vel_nndm_mmm(less, _vel_vfmklat_ml(vl)), vl);
    }
    for (int i = 0; i < N; i++) {
        double z = before[i] < b[i] ? before[i] / b[i] : 0.5;
        if (before[i] < b[i] && before[i] > 0) { bad += c[i] != before[i]; } else { bad += c[i] != z; }
        bad += a[i] != (before[i] < b[i] ? before[i] : b[i]);
    }
    return bad;
}
int integers(i64 f) {
    fill();
    int bad = 0;
    for (int i = 0; i < N; i += 256) {
        int vl = least(N - i, 256);
        __vr x = _vel_vld_vssl(8, k + i, vl), y = _vel_vld_vssl(8, l + i, vl);
        __vr z = _vel_vxor_vvvl(_vel_vaddsl_vsvl(f, x, vl), _vel_vmulsl_vvvl(x, y, vl), vl);
        z = _vel_vsubsl_vvvl(z, _vel_vsral_vvsl(x, 7, vl), vl);
        z = _vel_vmaxsl_vvvl(z, _vel_vor_vvvl(_vel_vsll_vvvl(x, _vel_vand_vvvl(y, _vel_vbrdl_vsl(63, vl), vl), vl), y, vl), vl);
        z = _vel_vaddul_vvvl(z, _vel_vpcnt_vvl(y, vl), vl);
        z = _vel_vaddul_vvvl(z, _vel_vldz_vvl(y, vl), vl);
        _vel_vst_vssl(_vel_vdivsl_vvsl(z, 13, vl), 8, m + i, vl);
    }
    for (int i = 0; i < N; i++) {
        i64 z = (i64)(((u64)f + (u64)k[i]) ^ ((u64)k[i] * (u64)l[i]));
        z = (i64)((u64)z - (u64)(k[i] >> 7));
        i64 other = (i64)((u64)k[i] << (l[i] & 63)) | l[i];
        z = z > other ? z : other;
        z = (i64)((u64)z + __builtin_popcountl(l[i]) + (l[i] ? __builtin_clzl(l[i]) : 64));
        bad += m[i] != z / 13;
    }
    return bad;
}
int words(i32 f) {
    fill();
    int bad = 0;
    for (int i = 0; i < N; i += 256) {
        int vl = least(N - i, 256);
        __vr x = _vel_vldlsx_vssl(4, s + i, vl), y = _vel_vldlzx_vssl(4, t + i, vl);
        __vr z = _vel_vaddswsx_vsvl(f, x, vl);
        z = _vel_vmulswsx_vvvl(z, y, vl);
        z = _vel_vminswsx_vvvl(z, _vel_vsubswsx_vvvl(y, x, vl), vl);
        _vel_vstl_vssl(_vel_vsrawsx_vvsl(z, 3, vl), 4, u + i, vl);
    }
    for (int i = 0; i < N; i++) {
        i32 z = (i32)(((u32)f + (u32)s[i]) * (u32)t[i]), other = (i32)((u32)t[i] - (u32)s[i]);
        z = z < other ? z : other;
        bad += u[i] != z >> 3;
    }
    return bad;
}
int packed_words(void) {
    fill();
    int bad = 0;
    for (int i = 0; i < N; i += 512) {
        int vl = least(N - i, 512) / 2;
        __vr x = _vel_vld_vssl(8, s + i, vl), y = _vel_vld_vssl(8, t + i, vl);
        __vr z = _vel_pvadds_vvvl(x, y, vl);
        z = _vel_pvmaxs_vvvl(z, _vel_pvxor_vvvl(x, y, vl), vl);
        _vel_vst_vssl(_vel_pvsrl_vvsl(z, 5ul << 32 | 5, vl), 8, u + i, vl);
    }
    for (int i = 0; i < N; i++) {
        i32 z = (i32)((u32)s[i] + (u32)t[i]), other = s[i] ^ t[i];
        z = z > other ? z : other;
        bad += u[i] != (i32)((u32)z >> 5);
    }
    return bad;
}
int conversions(void) {
    fill();
    int bad = 0;
    for (int i = 0; i < N; i += 256) {
        int vl = least(N - i, 256);
        __vr x = _vel_vfmuld_vsvl(1000.0, _vel_vld_vssl(8, a + i, vl), vl);
        _vel_vst_vssl(_vel_vcvtldrz_vvl(x, vl), 8, m + i, vl);
        _vel_vst_vssl(_vel_vcvtdl_vvl(_vel_vld_vssl(8, k + i, vl), vl), 8, c + i, vl);
        _vel_vstu_vssl(_vel_vcvtsd_vvl(x, vl), 4, r + i, vl);
        _vel_vstl_vssl(_vel_vcvtwdsxrz_vvl(x, vl), 4, u + i, vl);
    }
    for (int i = 0; i < N; i++) {
        double x = 1000.0 * a[i];
        bad += m[i] != (i64)x;
        bad += c[i] != (double)k[i];
        bad += r[i] != (float)x;
        bad += u[i] != (i32)x;
    }
    return bad;
}
int gather(void) {
    fill();
    int bad = 0;
    for (int i = 0; i < N; i++) m[i] = (i64)(a + (u64)k[i] % N);
    for (int i = 0; i < N; i += 256) {
        int vl = least(N - i, 256);
        __vr at = _vel_vld_vssl(8, m + i, vl);
        _vel_vst_vssl(_vel_vgt_vvssl(at, 0, 0, vl), 8, c + i, vl);
        // The rest in the other order: index * 8 + address.
        __vr back = _vel_vsfa_vvssl(_vel_vsubsl_vsvl(N - 1 - i, _vel_vseq_vl(vl), vl), 3, (u64)b, vl);
        _vel_vsc_vvssl(_vel_vld_vssl(8, a + i, vl), back, 0, 0, vl);
        __vr odd = _vel_vld_vssl(16, a, 100);
        bad += _vel_lvsd_svs(odd, 99) != a[198];
    }
    for (int i = 0; i < N; i++) bad += (c[i] != a[(u64)k[i] % N]) + (b[i] != a[N - 1 - i]);
    return bad;
}
int compress(void) {
    fill();
    int bad = 0;
    i64 count = 0;
    for (int i = 0; i < N; i += 256) {
        int vl = least(N - i, 256);
        __vr x = _vel_vld_vssl(8, k + i, vl);
        __vm256 positive = _vel_vfmklgt_mvl(x, vl);
        u64 ones = _vel_pcvm_sml(positive, vl);
        __vr all = _vel_vcp_vvmvl(x, positive, x, vl);
        if (ones) _vel_vst_vssl(all, 8, m + count, (int)ones);
        count += (i64)ones;
    }
    i64 n = 0;
    for (int i = 0; i < N; i++) if (k[i] > 0) bad += m[n++] != k[i];
    return bad + (n != count);
}
int reductions(void) {
    fill();
    int vl = 251;
    __vr x = _vel_vld_vssl(8, k, vl), d = _vel_vld_vssl(8, a, vl);
    i64 most = k[0], sum = 0, all = 0; double largest = a[0];
    for (int i = 0; i < vl; i++) {
        most = most > k[i] ? most : k[i]; sum = (i64)((u64)sum + (u64)k[i]); all |= k[i];
        largest = largest > a[i] ? largest : a[i];
    }
    return ((i64)_vel_lvsl_svs(_vel_vrmaxslfst_vvl(x, vl), 0) != most) + 10 * ((i64)_vel_lvsl_svs(_vel_vsuml_vvl(x, vl), 0) != sum)
        + 100 * ((i64)_vel_lvsl_svs(_vel_vror_vvl(x, vl), 0) != all) + 1000 * (_vel_lvsd_svs(_vel_vfrmaxdfst_vvl(d, vl), 0) != largest);
}
int approximations(void) {
    fill();
    int bad = 0;
    for (int i = 0; i < N; i += 256) {
        int vl = least(N - i, 256);
        __vr x = _vel_vfaddd_vsvl(3.0, _vel_vld_vssl(8, a + i, vl), vl);
        _vel_vst_vssl(_vel_approx_vfdivd_vsvl(2.0, x, vl), 8, b + i, vl);
        _vel_vst_vssl(_vel_vrsqrtd_vvl(x, vl), 8, c + i, vl);
    }
    a[7] = -3.0;
    for (int i = 0; i < N; i += 200) {
        __vr root = _vel_approx_vfsqrtd_vvl(_vel_vfaddd_vsvl(3.0, _vel_vld_vssl(8, a + i, 200), 200), 200);
        _vel_vst_vssl(root, 8, m + i, 200);
    }
    for (int i = 0; i < N; i++) {
        double root, x = 3.0 + a[i]; __builtin_memcpy(&root, m + i, 8);
        bad += i == 7 ? root != 0 : root * root - x > 1e-13 || x - root * root > 1e-13;
    }
    a[7] = 0;
    b[7] = 2.0 / 3.0; c[7] = 1 / 1.7320508;
    for (int i = 0; i < N; i++) {
        double x = 3.0 + a[i], quotient = b[i] * x - 2.0, root = c[i] * c[i] * x - 1;
        bad += quotient > 1e-14 || quotient < -1e-14;
        bad += root > 1e-3 || root < -1e-3;
    }
    return bad;
}
int shuffled(void) {
    fill();
    int bad = 0, vl = 256;
    __vr x = _vel_vld_vssl(8, k, vl), y = _vel_vld_vssl(8, l, vl);
    _vel_vst_vssl(_vel_vshf_vvvsl(x, y, 0b0111, vl), 8, m, vl);
    for (int i = 0; i < vl; i++) bad += (u64)m[i] != ((u64)k[i] << 32 | (u32)l[i]);
    _vel_vst_vssl(_vel_vmv_vsvl(5, x, 100), 8, m, 100);
    for (int i = 0; i < 100; i++) bad += m[i] != k[i + 5];
    return bad;
}
"#;

/// Clang 19 writes a wrong instruction where it saves a mask in memory (`svm` with a register in place of the number of the word), which it does at
/// -O0 only.
const WITH_MASKS: [&str; 2] = ["masked", "compress"];

/// The functions, and the word that each is called with.
const FUNCTIONS: [(&str, u64); 14] = [
    ("ddot", 0),
    ("daxpy", 1.75_f64.to_bits()),
    ("saxpy_packed", (2.25_f32.to_bits() as u64) << 32),
    ("singles", 0),
    ("masked", 0),
    ("integers", 0x1234_5678_9abc_def0),
    ("words", 77_777_777),
    ("packed_words", 0),
    ("conversions", 0),
    ("gather", 0),
    ("compress", 0),
    ("reductions", 0),
    ("approximations", 0),
    ("shuffled", 0),
];

#[test]
fn intrinsics_compute_what_scalar_code_does() {
    if !ve::can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for level in ["-O2", "-O0"] {
        let flags = ["-ffreestanding", "-ffp-contract=off", level];
        let object = ve::object_of(&directory, "k.c", SOURCE, &flags);
        let bytes = std::fs::read(&object).unwrap();
        let machine = Machine::new().unwrap();
        let input = ImageFile {
            name: "k.o",
            bytes: &bytes,
        };
        machine.load(&[input], Unresolved::Error).unwrap();
        let mut thread = machine.thread(1 << 20).unwrap();
        for (name, word) in FUNCTIONS {
            if level == "-O0" && WITH_MASKS.contains(&name) {
                continue;
            }
            let function = machine.symbol(name).expect(name);
            let wrong = thread
                .call(function, &[word])
                .unwrap_or_else(|trap| panic!("{name} {level}: {}", machine.report(&trap)));
            assert_eq!(wrong, 0, "{name} {level}");
        }
    }
}
