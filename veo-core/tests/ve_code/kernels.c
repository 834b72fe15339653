/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Kernels for VE machine code that runs on the emulated node.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only code for the VE has this. */
int32_t is_ve(void)
{
#ifdef __ve__
	return 1;
#else
	return 0;
#endif
}

int8_t next_i8(int8_t x) { return x + 1; }
uint8_t next_u8(uint8_t x) { return x + 1; }
int16_t next_i16(int16_t x) { return x + 1; }
uint16_t next_u16(uint16_t x) { return x + 1; }
int32_t next_i32(int32_t x) { return (int32_t)((uint32_t)x + 1); }
uint32_t next_u32(uint32_t x) { return x + 1; }
int64_t next_i64(int64_t x) { return (int64_t)((uint64_t)x + 1); }
uint64_t next_u64(uint64_t x) { return x + 1; }
float half_f32(float x) { return x / 2; }
double half_f64(double x) { return x / 2; }
_Bool not_bool(_Bool x) { return !x; }

double mixed(int8_t a, float b, uint16_t c, double d, int32_t e, uint64_t f, double g, float h,
	     int16_t i, double j, uint8_t k, float l)
{
	return a + 2.0 * b + 3.0 * c + 4.0 * d + 5.0 * e + 6.0 * (double)f + 7.0 * g + 8.0 * h + 9.0 * i +
	       10.0 * j + 11.0 * k + 12.0 * l;
}

struct range {
	int64_t first, count;
	double step;
};

double sum_range(const struct range *range)
{
	double sum = 0;
	for (int64_t i = 0; i < range->count; i++)
		sum += range->first + i * range->step;
	return sum;
}

void shift_range(struct range *range, int64_t by)
{
	range->first += by;
	range->count *= 2;
}

double sum(const double *x, int64_t n)
{
	double sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += x[i];
	return sum;
}

void scale(double *x, int64_t n, double by)
{
	for (int64_t i = 0; i < n; i++)
		x[i] *= by;
}

/* Blocks of malloc, for the host to read and free. */
double *squares(int64_t n)
{
	double *all = malloc(n * sizeof *all);
	for (int64_t i = 0; i < n; i++)
		all[i] = (double)i * i;
	return all;
}

int64_t counter = 40;

int64_t count(void)
{
	return ++counter;
}

int64_t *place_of_counter(void)
{
	return &counter;
}

void add_atomically(int64_t *sum, int64_t times)
{
	for (int64_t i = 0; i < times; i++)
		atomic_fetch_add((_Atomic int64_t *)sum, 1);
}

/* Waits until another context has written. */
int64_t wait_for(int64_t *flag)
{
	while (atomic_load((_Atomic int64_t *)flag) == 0)
		;
	return *flag;
}

void set_flag(int64_t *flag, int64_t value)
{
	atomic_store((_Atomic int64_t *)flag, value);
}

int64_t apply(int64_t (*function)(int64_t), int64_t x)
{
	return function(x);
}

void print(const char *text, int32_t number)
{
	printf("%s %d", text, number);
	fprintf(stderr, "error %d\n", number);
}

int64_t length_of_variable(const char *name)
{
	const char *value = getenv(name);
	return value ? (int64_t)strlen(value) : -1;
}

/* Each context has its own. */
static _Thread_local int64_t calls = 100;

int64_t count_thread(void)
{
	return ++calls;
}
