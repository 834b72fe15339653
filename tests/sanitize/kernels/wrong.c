/* One mistake each, with two arguments: VE memory of `n` doubles, and `n`. What a compiler could
 * see goes through `hidden`. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static volatile int64_t zero;

static int64_t hidden(int64_t value)
{
	return value + zero;
}

/* Writes one byte at an offset of a block of 100. */
static int64_t write_at(int64_t offset)
{
	volatile char *volatile block = malloc(100);
	block[hidden(offset)] = 1;
	free((void *)block);
	return 0;
}

int64_t heap_past_by_1(double *x, int64_t n) { return write_at(100); }
int64_t heap_past_by_16(double *x, int64_t n) { return write_at(115); }
int64_t heap_before_by_1(double *x, int64_t n) { return write_at(-1); }
int64_t heap_before_by_16(double *x, int64_t n) { return write_at(-16); }

int64_t heap_read_past_by_8(double *x, int64_t n)
{
	double *volatile copy = malloc(n * sizeof *copy), sum = 0;
	memcpy(copy, x, n * sizeof *copy);
	for (int64_t i = 0; i <= n; i++)
		sum += copy[hidden(i)];
	free(copy);
	return sum != 0;
}

int64_t heap_after_free(double *x, int64_t n)
{
	volatile double *volatile block = malloc(64);
	block[0] = 1;
	free((void *)block);
	return block[hidden(0)] != 0;
}

int64_t heap_freed_twice(double *x, int64_t n)
{
	void *volatile block = malloc(64);
	free(block);
	free(block);
	return 0;
}

int64_t heap_freed_inside(double *x, int64_t n)
{
	char *volatile block = malloc(64);
	free(block + hidden(16));
	return 0;
}

int64_t copied_past(double *x, int64_t n)
{
	char *volatile block = malloc(64), *volatile other = malloc(128);
	memset(other, 1, 128);
	memcpy(block, other, hidden(65));
	int64_t first = block[0];
	free(block);
	free(other);
	return first;
}

int64_t string_past(double *x, int64_t n)
{
	char *volatile text = malloc(8);
	volatile char *from = "12345678";
	strcpy(text, (const char *)from);
	int64_t first = text[0];
	free(text);
	return first;
}

int64_t local_past(double *x, int64_t n)
{
	volatile int numbers[10] = {0};
	volatile int *volatile first = numbers;
	first[hidden(10)] = 1;
	return first[0];
}

static int table[10];

int64_t global_past(double *x, int64_t n)
{
	volatile int *volatile first = table;
	first[hidden(10)] = 1;
	return first[0];
}

int64_t local_gone(double *x, int64_t n)
{
	volatile int *volatile gone;
	{
		volatile int inside = 1;
		gone = &inside;
	}
	return *gone;
}

int64_t shifted_too_far(double *x, int64_t n)
{
	volatile int bits = 40;
	return 1 << bits;
}

int64_t shifted_by_negative(double *x, int64_t n)
{
	volatile int bits = -1;
	return 1 << bits;
}

int64_t sum_overflows(double *x, int64_t n)
{
	volatile int big = INT32_MAX;
	return big + 1;
}

int64_t product_overflows(double *x, int64_t n)
{
	volatile int64_t big = INT64_MAX / 2;
	return big * 3;
}

int64_t index_out_of_array(double *x, int64_t n)
{
	static int numbers[4][4];
	return numbers[hidden(1)][hidden(4)];
}

int64_t read_misaligned(double *x, int64_t n)
{
	int64_t *place = (int64_t *)((char *)x + hidden(4));
	return *place;
}

/* Two threads on one place. */
static int64_t two_threads(void *(*work)(void *), void *place)
{
	pthread_t one, two;
	pthread_create(&one, NULL, work, place);
	pthread_create(&two, NULL, work, place);
	pthread_join(one, NULL);
	pthread_join(two, NULL);
	return 0;
}

static void *add_one(void *place)
{
	for (int i = 0; i < 1000; i++)
		*(volatile double *)place += 1;
	return NULL;
}

int64_t race_on_ve_memory(double *x, int64_t n) { return two_threads(add_one, x); }

int64_t race_on_heap(double *x, int64_t n)
{
	double *block = calloc(1, sizeof *block);
	two_threads(add_one, block);
	free(block);
	return 0;
}

static double counter;

int64_t race_on_global(double *x, int64_t n) { return two_threads(add_one, &counter); }

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int is_first = 1;

static void *lock_sometimes(void *place)
{
	int locks = __atomic_exchange_n(&is_first, 0, __ATOMIC_RELAXED);
	if (locks)
		pthread_mutex_lock(&mutex);
	add_one(place);
	if (locks)
		pthread_mutex_unlock(&mutex);
	return NULL;
}

int64_t race_beside_a_lock(double *x, int64_t n)
{
	static double place;
	is_first = 1;
	return two_threads(lock_sometimes, &place);
}

int64_t leak(double *x, int64_t n)
{
	volatile char *volatile block = malloc(100);
	block[0] = 1;
	return 0;
}

struct node {
	struct node *next;
	char data[40];
};

int64_t leak_of_a_list(double *x, int64_t n)
{
	struct node *volatile last = NULL;
	for (int i = 0; i < 10; i++) {
		struct node *node = calloc(1, sizeof *node);
		node->next = last;
		last = node;
	}
	last = NULL;
	return 0;
}

/* On the VE's own memory. */
static int64_t write_ve(double *x, int64_t offset)
{
	volatile char *first = (volatile char *)x;
	first[hidden(offset)] = 1;
	return 0;
}

int64_t ve_past_by_1(double *x, int64_t n) { return write_ve(x, 8 * n); }
int64_t ve_past_by_8(double *x, int64_t n) { x[hidden(n)] = 1; return 0; }
int64_t ve_past_by_4096(double *x, int64_t n) { return write_ve(x, 8 * n + 4095); }
int64_t ve_before_by_1(double *x, int64_t n) { return write_ve(x, -1); }
int64_t ve_before_by_8(double *x, int64_t n) { x[hidden(-1)] = 1; return 0; }
int64_t ve_before_by_4096(double *x, int64_t n) { return write_ve(x, -4096); }

/* Memory that a call before was given, and that is freed since. */
static double *kept;

void keep(double *x) { kept = x; }
int64_t ve_after_free(double *x, int64_t n) { return kept[hidden(n / 2)] == 1; }

/* On data that travel with the call. */
int64_t stack_past_by_1(double *x, int64_t n) { return write_ve(x, 8 * n); }
int64_t stack_past_by_100(double *x, int64_t n) { return write_ve(x, 8 * n + 99); }
int64_t stack_before_by_1(double *x, int64_t n) { return write_ve(x, -1); }
int64_t stack_before_by_100(double *x, int64_t n) { return write_ve(x, -100); }
