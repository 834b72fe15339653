//! Kernels declared by importing their header, called on the emulated node.

use veo_test_support::available;

#[cfg(no_libclang)]
#[test]
fn the_header_is_imported() {
    assert!(!available("libclang (Debian: libclang-dev)", false));
}

#[cfg(not(no_libclang))]
mod calls {
    use std::f64::consts::PI;

    use veo_core::{NULL, OnStack, Result, VeAddr, VeMemPtr, VeoProc};
    use veo_tests_import::imported::*;

    use super::available;

    fn process() -> VeoProc {
        assert!(available("libclang (Debian: libclang-dev)", true));
        VeoProc::new(0).expect("the emulated node starts")
    }

    #[test]
    fn numbers_and_pointers() -> Result<()> {
        let proc = process();
        let mut x = proc.upload(&[2.0])?;
        assert_eq!(imported_add(&proc, 40, &mut x)?, 42);
        assert_eq!(imported_add(&proc, -3, OnStack::inout(&mut 1.0))?, -2);
        assert!((imported_single(&proc, 1.25)? - 2.5).abs() < f32::EPSILON);
        let mut sum = 0u8;
        assert_eq!(
            imported_bytes(&proc, -1, 300, 2, OnStack::output(&mut sum))?,
            45
        );
        assert_eq!(sum, 45);
        assert_eq!(
            imported_many(&proc, 1, 10, 100, 1000, 2, 3, 4)?,
            321 + 4000 + 10 + 18 + 28
        );
        assert_eq!(
            (imported_both(&proc, 1, 1)?, imported_both(&proc, 1, 0)?),
            (1, 0)
        );
        Ok(())
    }

    #[test]
    fn structures() -> Result<()> {
        let proc = process();
        let from = proc.upload(&[pair { a: 1, b: 0.5 }, pair_t { a: 2, b: PI }])?;
        let mut to = proc.zeros::<pair>(2)?;
        imported_pairs(&proc, &from, &mut to, 2)?;
        let found: Vec<_> = to.to_vec()?.iter().map(|p| (p.a, p.b)).collect();
        assert_eq!(found, [(2, 1.0), (3, 2.0 * PI)]);

        let mut bits = flags {
            _bitfield_1: [2 | 3 << 3],
            rest: 7,
        };
        assert_eq!(
            imported_flags(&proc, OnStack::inout(&mut bits))?,
            200 + 3000 + 7
        );

        let choice = tagged {
            kind: 1,
            u: tagged_ty_1 {
                bytes: [2.5f64.to_bits()],
            },
            _anon_1: tagged_ty_2 { x: 4, y: 5 },
        };
        let mut out = either { bytes: [0] };
        let input = OnStack::input(&choice);
        assert_eq!(
            imported_tagged(&proc, input, OnStack::output(&mut out))?,
            45
        );
        assert!((f64::from_bits(out.bytes[0]) - 2.5).abs() < f64::EPSILON);

        let mut narrow = tight { c: 3, i: 4 };
        // The stack of a kernel is aligned to 8 bytes; larger alignments need memory of their own.
        let mut aligned = proc.upload(&[lined { x: [0.0; 8] }])?;
        let mut long = proc.upload(&[wide { x: [9; 2] }])?;
        let mut functions = callbacks {
            f: VeAddr::NULL,
            rows: VeAddr::NULL,
        };
        let yes = imported_layout(
            &proc,
            OnStack::inout(&mut narrow),
            &mut aligned,
            &mut long,
            OnStack::inout(&mut functions),
        )?;
        assert_eq!(yes, 1);
        assert_eq!({ narrow.i }, 7);
        assert!((aligned.to_vec()?[0].x[7] - 7.0).abs() < f64::EPSILON);
        assert_ne!(long.to_vec()?[0].x, [9; 2]);
        Ok(())
    }

    #[test]
    fn structures_that_point_to_each_other() -> Result<()> {
        let proc = process();
        let name = |text: &[u8; 8]| text.map(u8::cast_signed);
        let node = |value, on, text| node {
            next: VeAddr::NULL,
            value,
            on,
            name: name(text),
        };
        let list = [
            node(10, 1, b"a\0......"),
            node(1000, 0, b"bb\0....."),
            node(20, 1, b"ccc\0...."),
        ];
        let mut nodes = proc.upload(&list)?;
        imported_link(&proc, &mut nodes, 3)?;
        assert_eq!(imported_walk(&proc, &nodes)?, 10 + 1 + 20 + 3);
        assert!(nodes.to_vec()?[2].next.is_null());
        assert_eq!(imported_walk(&proc, NULL)?, 0);

        // A flexible array: the head and what follows it in one buffer.
        let mut numbers = proc.upload(&[0.0, 1.5, 2.5])?;
        numbers.write(&[f64::from_bits(2), 1.5, 2.5])?;
        let sum = imported_tail(&proc, numbers.as_ptr().cast::<tail>())?;
        assert!((sum - 4.0).abs() < f64::EPSILON);
        Ok(())
    }

    #[test]
    fn handles_functions_and_text() -> Result<()> {
        let proc = process();
        let handle = imported_open(&proc, 17)?;
        let mut copy = VeAddr::NULL;
        assert_eq!(imported_use(&proc, handle, OnStack::output(&mut copy))?, 17);
        assert_eq!(copy.addr(), handle.addr());
        assert_eq!(imported_use(&proc, NULL, OnStack::output(&mut copy))?, -1);

        assert!((imported_map(&proc, NULL, 3.0)? - 3.0).abs() < f64::EPSILON);
        let table = imported_table(&proc)?;
        assert!(!table.is_null());

        let text = OnStack::cstr(c"hello");
        assert!(!imported_text(&proc, text)?.is_null());
        let any = imported_any(&proc, NULL, NULL)?;
        assert!(any.is_null());
        Ok(())
    }

    #[test]
    fn enumerations_are_integers_with_their_constants() -> Result<()> {
        let proc = process();
        assert_eq!((RED, GREEN, LOW, HIGH), (0u32, 5u32, -1i32, 0i32));
        assert_eq!(imported_paint(&proc, RED, LOW, 1)?, GREEN);
        assert_eq!(imported_paint(&proc, RED, HIGH, 1)?, RED);
        let mut all = painted {
            color: RED,
            levels: [HIGH; 2],
        };
        let color = OnStack::input(&GREEN);
        assert_eq!(
            imported_shade(&proc, GREEN, color, OnStack::inout(&mut all))?,
            RED
        );
        assert_eq!((all.color, all.levels), (GREEN, [HIGH, LOW]));
        assert_eq!((HUGE_ONE, HUGE_MOST), (1u64, u64::MAX));
        assert_eq!(imported_huge(&proc, HUGE_MOST)?, HUGE_ONE);
        assert_eq!(imported_huge(&proc, HUGE_ONE)?, HUGE_MOST);
        Ok(())
    }

    #[test]
    fn macros_have_the_types_that_c_gives_them() {
        assert_eq!((IMPORTED_ANSWER, LIMIT), (42i32, 1000u32));
        assert_eq!((IMPORTED_FLAG, IMPORTED_ALL), (1u32 << 31, u32::MAX));
        assert_eq!(IMPORTED_LONG, 7i64);
        assert_eq!((IMPORTED_MOST, IMPORTED_WORDS), (u64::MAX, 2i32));
        assert_eq!((IMPORTED_LETTER, IMPORTED_CONSTANT), (65i32, 12i32));
        assert_eq!(IMPORTED_HEX.to_bits(), 12f64.to_bits());
        assert_eq!(IMPORTED_ENDLESS.to_bits(), f32::INFINITY.to_bits());
        assert_eq!(IMPORTED_HALF.to_bits(), 0.5f64.to_bits());
        assert_eq!(IMPORTED_SINGLE.to_bits(), 0.25f32.to_bits());
        assert_eq!(IMPORTED_TEXT, c"text \"quoted\"");
    }

    #[test]
    fn functions_of_the_ve_are_arguments_and_results() -> Result<()> {
        let proc = process();
        let half = imported_function(&proc)?;
        assert!((imported_map(&proc, half, 3.0)? - 1.5).abs() < f64::EPSILON);

        let compare = proc.get_function("imported_compare")?;
        let mut numbers = proc.upload(&[3.0, -1.0, 2.0, 0.5])?;
        imported_sort(&proc, &mut numbers, 4, 8, &compare)?;
        assert_eq!(numbers.to_vec()?, [-1.0, 0.5, 2.0, 3.0]);
        Ok(())
    }

    #[test]
    fn a_function_that_does_not_return_is_an_error() {
        let proc = process();
        let error = imported_leave(&proc, 3).expect_err("the process of the VE ends");
        assert!(error.to_string().contains("imported_leave"), "{error}");
    }

    #[test]
    fn types_named_as_those_of_rust_are() -> Result<()> {
        let proc = process();
        let handle: VeMemPtr<opened_t> = imported_open(&proc, 20)?;
        let mut length = proc.upload(&[String_ { length: 20 }])?;
        let mut value = proc.upload(&[Option { value: 2.0 }])?;
        assert_eq!(
            imported_own_names(&proc, handle, &mut length, &mut value)?,
            42
        );
        assert_eq!(imported_documented(&proc, 1)?, -1);
        Ok(())
    }

    #[test]
    fn arrays_and_complex_numbers() -> Result<()> {
        let proc = process();
        let v: vec3 = [1.0, 2.0, 3.0];
        let m = proc.upload(&[[1.0, 2.0, 3.0], [4.0, 5.0, 60.0]])?;
        let rows = proc.upload(&[[0.0, 0.0, 0.0, 700.0]])?;
        let mut v = proc.upload(&v)?;
        let (mut m, mut rows) = (m, rows);
        let sum = imported_vec(&proc, &mut v, &mut m, &mut rows)?;
        assert!((sum - 763.0).abs() < f64::EPSILON);

        let mut w = [0.0f32; 2];
        imported_complex(&proc, OnStack::input(&[1.5, 2.0]), OnStack::output(&mut w))?;
        assert!((w[0] - 3.0).abs() < f32::EPSILON && (w[1] - 6.0).abs() < f32::EPSILON);
        Ok(())
    }

    #[test]
    fn arrays_of_variable_extent() -> Result<()> {
        let proc = process();
        let a: Vec<f64> = (0..9).map(f64::from).collect();
        let mut rows = proc.zeros::<f64>(9)?;
        let trace = imported_square(&proc, 3, &proc.upload(&a)?, &mut rows)?;
        assert!((trace - 12.0).abs() < f64::EPSILON);
        assert_eq!(
            rows.to_vec()?,
            [0.0, 3.0, 6.0, 1.0, 4.0, 7.0, 2.0, 5.0, 8.0]
        );
        Ok(())
    }

    #[test]
    fn fields_beside_those_without_counterpart() -> Result<()> {
        let proc = process();
        let start = mixed {
            i: 21,
            _padding_at_4: [0; 12],
            x: [0; 2],
            c: 4,
            inner: mixed_ty_1 { bytes: [0; 48] },
        };
        let mut all = proc.upload(&[start])?;
        let size = imported_mixed(&proc, &mut all)?;
        let all = all.to_vec()?[0];
        assert_eq!(usize::try_from(size).unwrap(), size_of::<mixed>());
        assert_eq!((all.i, all.c), (21, 5));
        assert_eq!(all.inner.bytes[..2], 42i16.to_ne_bytes());
        assert_ne!(all.x, [0; 2]);
        Ok(())
    }

    #[test]
    fn parameters_named_like_constants() -> Result<()> {
        assert_eq!(imported_shadowing(&process(), 1, 2, GREEN, 4)?, 1254);
        Ok(())
    }

    #[test]
    fn names_that_rust_does_not_allow() -> Result<()> {
        let proc = process();
        assert_eq!(imported_renamed(&proc, 1)?, 101);
        assert_eq!(match_(&proc, 1)?, 201);
        assert_eq!(NotSnake(&proc, 1)?, 301);
        Ok(())
    }
}
