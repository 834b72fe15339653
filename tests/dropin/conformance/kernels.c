/* Kernels of the conformance programs. Compiled with debug information unless
 * a program says otherwise.
 */
#define _GNU_SOURCE
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t answer(void)
{
	return 42;
}

uint64_t echo(uint64_t value)
{
	return value;
}

int64_t add(int64_t a, int64_t b)
{
	return a + b;
}

void nothing(void)
{
}

/* Memory */

uint64_t variable = 7;
char large_variable[1 << 20];

uint64_t get_variable(void)
{
	return variable;
}

uint64_t set_variable(uint64_t value)
{
	uint64_t before = variable;

	variable = value;
	return before;
}

uint64_t address_of_variable(void)
{
	return (uint64_t)&variable;
}

uint64_t load_word(const uint64_t *address)
{
	return *address;
}

uint64_t store_word(uint64_t *address, uint64_t value)
{
	*address = value;
	return value;
}

uint64_t fill(uint64_t *address, uint64_t count, uint64_t value)
{
	for (uint64_t i = 0; i < count; i++)
		address[i] = value;
	return count;
}

uint64_t sum(const uint64_t *address, uint64_t count)
{
	uint64_t total = 0;

	for (uint64_t i = 0; i < count; i++)
		total += address[i];
	return total;
}

/* Arguments by type */

double sum_doubles(double a, double b)
{
	return a + b;
}

float sum_floats(float a, float b)
{
	return a + b;
}

int64_t from_i32(int32_t v)
{
	return v;
}

int64_t from_i16(int16_t v)
{
	return v;
}

int64_t from_i8(int8_t v)
{
	return v;
}

uint64_t from_u32(uint32_t v)
{
	return v;
}

uint64_t from_u16(uint16_t v)
{
	return v;
}

uint64_t from_u8(uint8_t v)
{
	return v;
}

/* Ten arguments: the last two are beyond the argument registers of the VE. */
int64_t late_i32(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, int64_t g,
		 int64_t h, int32_t i, int32_t j)
{
	return a + b + c + d + e + f + g + h + (int64_t)i * 1000 + (int64_t)j * 1000000;
}

int64_t late_i16_i8(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, int64_t g,
		    int64_t h, int16_t i, int8_t j)
{
	return a + b + c + d + e + f + g + h + (int64_t)i * 1000 + (int64_t)j * 1000000;
}

/* The word at index 9 as it came, whatever its type. */
uint64_t ninth_word(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
		    uint64_t g, uint64_t h, uint64_t i)
{
	(void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
	return i;
}

double mixed(int32_t a, double b, float c, int64_t d, double e, float f, double g, int8_t h,
	     double i, float j, int16_t k, double l, double m)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j +
	       11 * k + 12 * l + 13 * m;
}

uint64_t sixteen(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
		 uint64_t g, uint64_t h, uint64_t i, uint64_t j, uint64_t k, uint64_t l, uint64_t m,
		 uint64_t n, uint64_t o, uint64_t p)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k +
	       12 * l + 13 * m + 14 * n + 15 * o + 16 * p;
}

int64_t give_i32(int32_t v)
{
	return v - 1;
}

int32_t minus_one(void)
{
	return -1;
}

uint64_t all_bits(void)
{
	return ~UINT64_C(0);
}

/* Stack buffers */

uint64_t sum_bytes(const unsigned char *bytes, uint64_t length)
{
	uint64_t total = 0;

	for (uint64_t i = 0; i < length; i++)
		total += bytes[i];
	return total;
}

uint64_t increment_bytes(unsigned char *bytes, uint64_t length)
{
	for (uint64_t i = 0; i < length; i++)
		bytes[i]++;
	return (uint64_t)bytes;
}

uint64_t set_bytes(unsigned char *bytes, uint64_t length, uint64_t value)
{
	memset(bytes, (int)value, length);
	return (uint64_t)bytes;
}

uint64_t slow_set_bytes(unsigned char *bytes, uint64_t length, uint64_t value,
			uint64_t milliseconds)
{
	usleep(milliseconds * 1000);
	memset(bytes, (int)value, length);
	return length;
}

uint64_t slow_sum_bytes(const unsigned char *bytes, uint64_t length, uint64_t milliseconds)
{
	usleep(milliseconds * 1000);
	return sum_bytes(bytes, length);
}

/* Three buffers at once: out = in + inout, inout = in. */
uint64_t shuffle(const char *in, char *inout, char *out, uint64_t length)
{
	for (uint64_t i = 0; i < length; i++) {
		out[i] = (char)(in[i] + inout[i]);
		inout[i] = in[i];
	}
	return ((uint64_t)in | (uint64_t)inout | (uint64_t)out) & 7;
}

/* Time and order */

uint64_t pause_ms(uint64_t milliseconds)
{
	usleep(milliseconds * 1000);
	return milliseconds;
}

static uint64_t counter;

uint64_t count(void)
{
	return counter++;
}

uint64_t use_stack(uint64_t bytes)
{
	volatile char *block = __builtin_alloca(bytes);

	for (uint64_t i = 0; i < bytes; i += 4096)
		block[i] = (char)i;
	return (uint64_t)block[0];
}

uint64_t process_id(void)
{
	return (uint64_t)getpid();
}

uint64_t environment_is(const char *name, const char *value)
{
	const char *have = getenv(name);

	return have != NULL && strcmp(have, value) == 0;
}

void *make_block(uint64_t size)
{
	char *block = malloc(size);

	if (block != NULL && size > 0)
		block[0] = block[size - 1] = 7;
	return block;
}

void free_block(void *block)
{
	free(block);
}

uint64_t say_number(uint64_t number)
{
	printf("said %lu\n", number);
	return number;
}

uint64_t say(const char *text)
{
	printf("%s", text);
	return 0;
}

/* Faults */

uint64_t fault_segv(void)
{
	*(volatile int *)16 = 1;
	return 0;
}

uint64_t fault_bus(void)
{
	raise(SIGBUS);
	return 0;
}

uint64_t fault_ill(void)
{
#ifdef __x86_64__
	__asm__ volatile("ud2");
#else
	raise(SIGILL);
#endif
	return 0;
}

uint64_t fault_fpe(uint64_t zero)
{
#ifdef __x86_64__
	volatile int divisor = (int)zero;

	return (uint64_t)(1000 / divisor);
#else
	raise(SIGFPE);
	return zero;
#endif
}

uint64_t fault_abrt(void)
{
	abort();
}

uint64_t ends_exit(uint64_t status)
{
	exit((int)status);
}

uint64_t ends_exit_at_once(uint64_t status)
{
	_exit((int)status);
}

uint64_t stops(void)
{
	return (uint64_t)kill(getpid(), SIGSTOP);
}

uint64_t ends_kill(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static uint64_t deep(uint64_t n)
{
	volatile char block[4096];

	block[0] = (char)n;
	return n == 0 ? 0 : deep(n + 1) + (uint64_t)block[0];
}

uint64_t fault_stack_overflow(void)
{
	return deep(1);
}

uint64_t endless(void)
{
	for (volatile uint64_t i = 0;; i++)
		;
}

uint64_t read_address(const volatile unsigned char *address)
{
	return *address;
}

uint64_t divide_doubles(double a, double b, double *quotient)
{
	*quotient = a / b;
	return 0;
}

#define BUFFERS(each)                                                                       \
	each(0) each(1) each(2) each(3) each(4) each(5) each(6) each(7) each(8) each(9)     \
	each(10) each(11) each(12) each(13) each(14) each(15) each(16) each(17) each(18)    \
	each(19) each(20) each(21) each(22) each(23) each(24) each(25) each(26) each(27)    \
	each(28)

#define BUFFER_PARAMETER(n) const char *b##n,
#define BUFFER_ADDRESS(n) b##n,

/* Thirty buffers of 8 bytes, each filled with its own number: how many are so. */
uint64_t check_buffers(BUFFERS(BUFFER_PARAMETER) const char *b29)
{
	const char *buffers[30] = { BUFFERS(BUFFER_ADDRESS) b29 };
	uint64_t good = 0;

	for (int i = 0; i < 30; i++) {
		int same = 1;
		for (int k = 0; k < 8; k++)
			same &= buffers[i][k] == i;
		good += (uint64_t)same;
	}
	return good;
}

/* Kernels as users of py-veo write them */

double blend(int32_t a, double b, float c, uint8_t d, int16_t e, double f, uint32_t g, float h)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7.0 * g + 8 * h;
}

double sum_array(const double *values, int64_t count)
{
	double total = 0;

	for (int64_t i = 0; i < count; i++)
		total += values[i];
	return total;
}

int64_t scale(double *values, int32_t count, double factor)
{
	for (int32_t i = 0; i < count; i++)
		values[i] *= factor;
	return count;
}

/* Kernels of the soak */

uint64_t ticks;

uint64_t tick(void)
{
	__atomic_add_fetch(&ticks, 1, __ATOMIC_SEQ_CST);
	return 1;
}

uint64_t pause_us(uint64_t microseconds)
{
	usleep(microseconds);
	return microseconds;
}

/* As many arguments as there may be: the sum of each times its place. */

#define TEN(each, n)                                                                        \
	each(n##0) each(n##1) each(n##2) each(n##3) each(n##4) each(n##5) each(n##6)        \
	each(n##7) each(n##8) each(n##9)
#define HUNDRED(each, n)                                                                    \
	TEN(each, n##0) TEN(each, n##1) TEN(each, n##2) TEN(each, n##3) TEN(each, n##4)     \
	TEN(each, n##5) TEN(each, n##6) TEN(each, n##7) TEN(each, n##8) TEN(each, n##9)
/* 1000 to 1254. */
#define PLACES(each)                                                                        \
	HUNDRED(each, 10) HUNDRED(each, 11) TEN(each, 120) TEN(each, 121) TEN(each, 122)    \
	TEN(each, 123) TEN(each, 124) each(1250) each(1251) each(1252) each(1253) each(1254)

#define WORD_PARAMETER(n) uint64_t w##n,
#define WORD_TERM(n) w##n * (n - 1000) +

uint64_t most_arguments(PLACES(WORD_PARAMETER) uint64_t last)
{
	return PLACES(WORD_TERM) last * 255;
}
