/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Kernels that return their arguments, for every type of scalar.
 * `first_and_tenth_T` stores argument 0 and argument 9; `same_T` returns its own.
 */
#include <stdint.h>

#define ECHO(name, T)                                                                       \
	void first_and_tenth_##name(T first, int64_t b, int64_t c, int64_t d, int64_t e,    \
				    int64_t f, int64_t g, int64_t h, int64_t i, T tenth,    \
				    T *out)                                                 \
	{                                                                                   \
		int64_t others[] = {b, c, d, e, f, g, h, i};                                \
		for (int k = 0; k < 8; k++)                                                 \
			if (others[k] != -k - 1)                                            \
				return;                                                     \
		out[0] = first;                                                             \
		out[1] = tenth;                                                             \
	}                                                                                   \
	T same_##name(T value)                                                              \
	{                                                                                   \
		return value;                                                               \
	}

ECHO(i8, int8_t)
ECHO(u8, uint8_t)
ECHO(i16, int16_t)
ECHO(u16, uint16_t)
ECHO(i32, int32_t)
ECHO(u32, uint32_t)
ECHO(i64, int64_t)
ECHO(u64, uint64_t)
ECHO(f32, float)
ECHO(f64, double)
