/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Small kernels that show one thing each.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* A global variable: the host finds it by name. */
int64_t counter = 100;

/* Adds to the global variable. Returns the new value. */
int64_t bump(int64_t by)
{
	return counter += by;
}

int64_t add_up(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, int64_t g, int64_t h)
{
	return a + b + c + d + e + f + g + h;
}

/* The sum of n values. */
double sum(const double *x, int64_t n)
{
	double s = 0.0;
	for (int64_t i = 0; i < n; i++)
		s += x[i];
	return s;
}

/* y[i] = a * x[i] + y[i] */
void axpy(int64_t n, double a, const double *x, double *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = a * x[i] + y[i];
}

/* Fills n elements with first, first + step, ... */
void fill(double *x, int64_t n, double first, double step)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = first + (double)i * step;
}

/* Prints a text without adding a newline or flushing. Returns its length. */
int32_t say(const char *text)
{
	return printf("%s", text);
}

/* Prints to standard error. */
int32_t complain(const char *text)
{
	return fprintf(stderr, "%s", text);
}

/* Reads one word from the given address. */
uint64_t peek_word(uint64_t address)
{
	return *(volatile uint64_t *)address;
}

/* Writes one word to the given address. */
void poke_word(uint64_t address, uint64_t word)
{
	*(volatile uint64_t *)address = word;
}

/* Keeps the context busy for some milliseconds. Returns the number of rounds. */
uint64_t busy(uint64_t milliseconds)
{
	struct timespec begin, now;
	uint64_t rounds = 0;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
		rounds++;
	} while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 <
		 (int64_t)milliseconds);
	return rounds;
}
