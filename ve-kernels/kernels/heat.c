/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The heat equation on a plate, by finite differences.
 */
#include <stdint.h>

/* One step in time for some rows of a plate. `old` has them with the row above and the row below, `next` gets them. Each point takes
 * `share` of what its four neighbours are warmer. The first and the last point of a row keep their values. */
void heat_rows(const double *old, double *next, int64_t rows, int64_t width, double share)
{
	for (int64_t row = 0; row < rows; row++) {
		const double *above = old + row * width;
		const double *here = above + width;
		const double *below = here + width;
		double *to = next + row * width;

		to[0] = here[0];
		for (int64_t i = 1; i < width - 1; i++)
			to[i] = here[i] + share * (above[i] + below[i] + here[i - 1] + here[i + 1] - 4.0 * here[i]);
		to[width - 1] = here[width - 1];
	}
}
