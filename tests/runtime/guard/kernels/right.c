/* Kernels that stay in their memory, to its very ends. */
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

double sum(const double *x, long n)
{
	double s = 0;
	for (long i = 0; i < n; i++)
		s += x[i];
	return s;
}

void scale(double *x, long n, double factor)
{
	for (long i = 0; i < n; i++)
		x[i] *= factor;
}

void reverse(unsigned char *x, long n)
{
	for (long i = 0; i < n / 2; i++) {
		unsigned char other = x[n - 1 - i];
		x[n - 1 - i] = x[i];
		x[i] = other;
	}
}

void move(unsigned char *x, long n, long by)
{
	memmove(x + by, x, n - by);
	memset(x, 0, by);
}

double openmp_dot(const double *x, const double *y, long n)
{
	double s = 0;
#pragma omp parallel for reduction(+ : s) num_threads(4)
	for (long i = 0; i < n; i++)
		s += x[i] * y[i];
	return s;
}

struct part {
	long *x;
	long n;
};

static void *count_up(void *argument)
{
	struct part *part = argument;
	for (long i = 0; i < part->n; i++)
		part->x[i]++;
	return 0;
}

void threads(long *x, long n)
{
	pthread_t thread[4];
	struct part part[4];
	for (int t = 0; t < 4; t++) {
		part[t].x = x + n / 4 * t;
		part[t].n = n / 4;
		pthread_create(&thread[t], 0, count_up, &part[t]);
	}
	for (int t = 0; t < 4; t++)
		pthread_join(thread[t], 0);
}

/* A heap of its own, of many blocks and of a large one. */
long heap(long blocks, long size)
{
	char **all = malloc(blocks * sizeof *all);
	char *large = malloc(blocks * size);
	long wrong = 0;
	for (long i = 0; i < blocks; i++) {
		all[i] = malloc(size);
		memset(all[i], (int)i, size);
		memset(large + i * size, (int)i, size);
	}
	for (long i = 0; i < blocks; i++) {
		wrong += memcmp(all[i], large + i * size, size) != 0;
		free(all[i]);
	}
	free(all);
	free(large);
	return wrong;
}

struct list {
	struct list *next;
	long value;
};

long walk(const struct list *list)
{
	long s = 0;
	for (; list; list = list->next)
		s += list->value;
	return s;
}

void sort(double *x, long n)
{
	for (long i = 1; i < n; i++)
		for (long j = i; j > 0 && x[j - 1] > x[j]; j--) {
			double other = x[j];
			x[j] = x[j - 1];
			x[j - 1] = other;
		}
}

static double *kept;

void keep(double *x)
{
	kept = x;
}

double from_kept(long index)
{
	return kept[index];
}

/* Takes every mapping that the system allows the process, then some back. */
static char *mappings;
static const long most_mappings = 1 << 22;

long take_mappings(void)
{
	long taken = 0;
	mappings = mmap(0, most_mappings * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);
	if (mappings == MAP_FAILED)
		return -1;
	for (long i = 1; i < most_mappings; i += 2, taken++)
		if (mprotect(mappings + i * 4096, 4096, PROT_READ))
			break;
	return taken;
}

void give_mappings(void)
{
	munmap(mappings, most_mappings * 4096);
}
