/* Right kernels with threads, OpenMP, and much memory. Each gives a number that the test computes
 * by itself; the arguments are VE memory of `n` doubles, 1, 2, 3 and so on, and `n`. */
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int64_t sum(const double *x, int64_t n)
{
	double sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += x[i];
	return sum;
}

int64_t last(const double *x, int64_t n) { return x[n - 1]; }

int64_t copied(const double *x, int64_t n)
{
	double *copy = malloc(n * sizeof *copy);
	memcpy(copy, x, n * sizeof *copy);
	int64_t result = sum(copy, n);
	free(copy);
	return result;
}

int64_t grown(const double *x, int64_t n)
{
	double *copy = NULL;
	for (int64_t i = 0; i < n; i++) {
		copy = realloc(copy, (i + 1) * sizeof *copy);
		copy[i] = x[i];
	}
	int64_t result = sum(copy, n);
	free(copy);
	return result;
}

int64_t many_blocks(const double *x, int64_t n)
{
	enum { COUNT = 20000 };
	double **blocks = calloc(COUNT, sizeof *blocks);
	int64_t result = 0;
	for (int i = 0; i < COUNT; i++) {
		blocks[i] = malloc((i % 100 + 1) * sizeof **blocks);
		blocks[i][i % 100] = x[i % n];
	}
	for (int i = 0; i < COUNT; i++) {
		result += blocks[i][i % 100];
		free(blocks[i]);
	}
	free(blocks);
	return result / (COUNT / 100);
}

int64_t large_heap(const double *x, int64_t n)
{
	size_t size = (size_t)512 << 20;
	char *block = malloc(size);
	for (size_t at = 0; at < size; at += 1 << 20)
		block[at] = 1;
	int64_t result = 0;
	for (size_t at = 0; at < size; at += 1 << 20)
		result += block[at];
	free(block);
	return result;
}

int64_t large_stack(const double *x, int64_t n)
{
	volatile double block[100000];
	for (int i = 0; i < 100000; i++)
		block[i] = x[i % n];
	double sum = 0;
	for (int i = 0; i < 100000; i++)
		sum += block[i];
	return sum / 1000;
}

int64_t kept_in_a_variable(const double *x, int64_t n)
{
	static double *kept;
	if (!kept)
		kept = malloc(n * sizeof *kept);
	memcpy(kept, x, n * sizeof *kept);
	return sum(kept, n);
}

int64_t kept_in_thread(const double *x, int64_t n)
{
	static __thread double kept[1000];
	memcpy(kept, x, n * sizeof *kept);
	return sum(kept, n);
}

int64_t jumped(const double *x, int64_t n)
{
	jmp_buf there;
	volatile int64_t count = 0;
	if (setjmp(there) < 100) {
		count++;
		longjmp(there, count);
	}
	return count;
}

int64_t wrapped(const double *x, int64_t n)
{
	volatile uint32_t number = UINT32_MAX;
	return number + (uint32_t)1;
}

int64_t too_much(const double *x, int64_t n)
{
	volatile size_t size = (size_t)1 << 50;
	void *volatile block = malloc(size);
	int64_t result = block == NULL;
	free(block);
	return result;
}

struct part {
	const double *x;
	int64_t n, result;
	pthread_mutex_t *mutex;
	double *sum, *first;
};

static void *add_part(void *argument)
{
	struct part *part = argument;
	part->result = sum(part->x, part->n);
	return NULL;
}

int64_t threads(const double *x, int64_t n)
{
	pthread_t thread[4];
	struct part part[4];
	int64_t result = 0;
	for (int i = 0; i < 4; i++) {
		part[i] = (struct part){x + i * n / 4, n / 4};
		pthread_create(&thread[i], NULL, add_part, &part[i]);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		result += part[i].result;
	}
	return result;
}

static void *add_locked(void *argument)
{
	struct part *part = argument;
	for (int64_t i = 0; i < part->n; i++) {
		pthread_mutex_lock(part->mutex);
		*part->sum += part->x[i];
		pthread_mutex_unlock(part->mutex);
	}
	return NULL;
}

int64_t threads_with_a_lock(const double *x, int64_t n)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread[4];
	struct part part[4];
	double sum = 0;
	for (int i = 0; i < 4; i++) {
		part[i] = (struct part){x + i * n / 4, n / 4, 0, &mutex, &sum};
		pthread_create(&thread[i], NULL, add_locked, &part[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	return sum;
}

static int64_t total;

static void *add_atomically(void *argument)
{
	struct part *part = argument;
	for (int64_t i = 0; i < part->n; i++)
		__atomic_fetch_add(&total, (int64_t)part->x[i], __ATOMIC_RELAXED);
	return NULL;
}

int64_t threads_with_atomics(const double *x, int64_t n)
{
	pthread_t thread[4];
	struct part part[4];
	__atomic_store_n(&total, 0, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++) {
		part[i] = (struct part){x + i * n / 4, n / 4};
		pthread_create(&thread[i], NULL, add_atomically, &part[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	return __atomic_load_n(&total, __ATOMIC_RELAXED);
}

static int64_t seen;
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;

static void *ring(void *argument)
{
	pthread_mutex_lock(&door);
	seen = *(int64_t *)argument;
	pthread_cond_signal(&bell);
	pthread_mutex_unlock(&door);
	return NULL;
}

int64_t threads_that_wait(const double *x, int64_t n)
{
	pthread_t thread;
	seen = 0;
	pthread_create(&thread, NULL, ring, &n);
	pthread_mutex_lock(&door);
	while (seen == 0)
		pthread_cond_wait(&bell, &door);
	int64_t result = seen;
	pthread_mutex_unlock(&door);
	pthread_join(thread, NULL);
	return result;
}

static pthread_barrier_t meeting;

/* Adds up a part, then, when all have, what the thread beside it has. */
static void *add_beside(void *argument)
{
	struct part *part = argument;
	part->sum[0] = sum(part->x, part->n);
	pthread_barrier_wait(&meeting);
	part->result = part->sum[1 - 2 * (part->sum - part->first)];
	return NULL;
}

int64_t threads_that_meet(const double *x, int64_t n)
{
	pthread_t thread[2];
	struct part part[2];
	double sums[2];
	pthread_barrier_init(&meeting, NULL, 2);
	for (int i = 0; i < 2; i++) {
		part[i] = (struct part){x + i * n / 2, n / 2, 0, NULL, &sums[i], sums};
		pthread_create(&thread[i], NULL, add_beside, &part[i]);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&meeting);
	return part[0].result + part[1].result;
}

int64_t omp_reduction(const double *x, int64_t n)
{
	double sum = 0;
#pragma omp parallel for reduction(+ : sum) num_threads(4)
	for (int64_t i = 0; i < n; i++)
		sum += x[i];
	return sum;
}

int64_t omp_parts(const double *x, int64_t n)
{
	double *y = malloc(n * sizeof *y);
#pragma omp parallel for num_threads(4)
	for (int64_t i = 0; i < n; i++)
		y[i] = 2 * x[i];
	int64_t result = sum(y, n);
	free(y);
	return result;
}

int64_t omp_barrier(const double *x, int64_t n)
{
	double *y = malloc(n * sizeof *y), sum = 0;
#pragma omp parallel num_threads(4)
	{
#pragma omp for
		for (int64_t i = 0; i < n; i++)
			y[i] = x[i];
#pragma omp barrier
#pragma omp for reduction(+ : sum)
		for (int64_t i = 0; i < n; i++)
			sum += y[n - 1 - i];
	}
	free(y);
	return sum;
}

int64_t omp_critical(const double *x, int64_t n)
{
	double sum = 0;
#pragma omp parallel for num_threads(4)
	for (int64_t i = 0; i < n; i++) {
#pragma omp critical
		sum += x[i];
	}
	return sum;
}

int64_t omp_atomic(const double *x, int64_t n)
{
	int64_t sum = 0;
#pragma omp parallel for num_threads(4)
	for (int64_t i = 0; i < n; i++) {
#pragma omp atomic
		sum += (int64_t)x[i];
	}
	return sum;
}

int64_t omp_tasks(const double *x, int64_t n)
{
	double part[10] = {0};
#pragma omp parallel num_threads(4)
#pragma omp single
	for (int i = 0; i < 10; i++) {
#pragma omp task firstprivate(i) shared(part)
		part[i] = sum(x + i * (n / 10), n / 10);
	}
	return sum(part, 10);
}

int64_t omp_sections(const double *x, int64_t n)
{
	double low = 0, high = 0;
#pragma omp parallel sections num_threads(2)
	{
#pragma omp section
		low = sum(x, n / 2);
#pragma omp section
		high = sum(x + n / 2, n - n / 2);
	}
	return low + high;
}

int64_t omp_in_turn(const double *x, int64_t n)
{
	double last = 0, sum = 0;
#pragma omp parallel for ordered num_threads(4)
	for (int64_t i = 0; i < n; i++) {
#pragma omp ordered
		{
			sum += x[i] > last ? x[i] : 0;
			last = x[i];
		}
	}
	return sum;
}
