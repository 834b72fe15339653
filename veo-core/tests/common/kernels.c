/* Kernels that the tests of veo-core call. */
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct node {
	uint8_t tag;
	double value;
	struct node *next;
};

int64_t global_counter = 41;

int64_t add(int32_t a, double *b)
{
	b[0] += a;
	return (int64_t)b[0];
}

int8_t give_i8(int8_t x) { return x; }
uint8_t give_u8(uint8_t x) { return x; }
int16_t give_i16(int16_t x) { return x; }
uint16_t give_u16(uint16_t x) { return x; }
int32_t give_i32(int32_t x) { return x; }
uint32_t give_u32(uint32_t x) { return x; }
int64_t give_i64(int64_t x) { return x; }
uint64_t give_u64(uint64_t x) { return x; }
float give_f32(float x) { return x; }
double give_f64(double x) { return x; }

double mixed(int8_t a, double b, uint16_t c, float d, int32_t e, double f, int64_t g, float h,
	     int8_t i, double j, uint32_t k, float l)
{
	return a + 10 * b + 100.0 * c + d + e + f + g + h + i + j + k + l;
}

void scale(double *x, uint64_t n, double factor)
{
	for (uint64_t i = 0; i < n; i++)
		x[i] *= factor;
}

double sum(const double *x, uint64_t n)
{
	double s = 0;
	for (uint64_t i = 0; i < n; i++)
		s += x[i];
	return s;
}

double node_sum(const struct node *n)
{
	double s = 0;
	for (; n; n = n->next)
		s += n->value * n->tag;
	return s;
}

void bump(struct node *n)
{
	n->tag++;
	n->value *= 2;
}

void increment(int32_t *x, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		x[i]++;
}

int64_t bump_counter(void) { return ++global_counter; }
int64_t *counter_address(void) { return &global_counter; }

struct plan { int n; };
struct plan *plan_make(int32_t n)
{
	struct plan *p = malloc(sizeof *p);
	p->n = n;
	return p;
}
int32_t plan_run(struct plan *p) { return p->n * 2; }
void plan_free(struct plan *p) { free(p); }

uint64_t length(const char *text) { return strlen(text); }

/* Works for about that many milliseconds. */
int64_t busy(int64_t milliseconds)
{
	struct timespec start, now;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 <
	       milliseconds);
	return milliseconds;
}

/* Waits until the host, or another kernel, sets the flag. */
int64_t wait_for(volatile int64_t *flag)
{
	while (!*flag)
		;
	return *flag;
}

/* The same, with data of its own. */
int64_t waits_with(volatile int64_t *flag, int64_t *data) { return wait_for(flag) + *data; }

void set_flag(volatile int64_t *flag, int64_t value) { *flag = value; }

void crash(void) { *(volatile int *)16 = 1; }
void give_up(void) { abort(); }
void leave(int32_t status) { exit(status); }
int64_t peek_at(const int64_t *address) { return *address; }

void say(int32_t number) { printf("kernel says %d\n", number); }

static int64_t doubled(int64_t x) { return 2 * x; }
int64_t (*doubler(void))(int64_t) { return doubled; }
int64_t apply(int64_t (*function)(int64_t), int64_t x) { return function(x); }

int64_t read_through(const double **table, uint64_t which, uint64_t index)
{
	return (int64_t)table[which][index];
}

int64_t eight(int64_t a, int32_t b, double c, double *d, int64_t e, float f, uint64_t g, double h)
{
	return a + b + (int64_t)c + (d != 0) + e + (int64_t)f + (int64_t)g + (int64_t)h;
}

int64_t threads_of_openmp(void)
{
	const char *threads = getenv("OMP_NUM_THREADS");

	return threads ? atoi(threads) : 0;
}

/* Writes to each address that appears in the mailbox, and says so in the mailbox's word `8 * (me + 1)`. */
int64_t touch(int64_t *mailbox, int64_t rounds, int64_t me)
{
	int64_t last = 0;
	for (int64_t round = 1; round <= rounds; round++) {
		int64_t next;
		while ((next = __atomic_load_n(&mailbox[0], __ATOMIC_ACQUIRE)) == last)
			;
		last = next;
		((volatile char *)next)[me] = 1;
		__atomic_store_n(&mailbox[8 * (me + 1)], round, __ATOMIC_RELEASE);
	}
	return rounds;
}
