/* Kernels that go where they are told, also out of their memory. */
#include <pthread.h>
#include <string.h>

/* Writes `count` bytes from x + offset on, away from the block: upwards, or downwards from
 * there if it is negative. */
void write_bytes(unsigned char *x, long offset, long count)
{
	long step = offset < 0 ? -1 : 1;
	for (long i = 0; i < count; i++)
		((volatile unsigned char *)x)[offset + i * step] = 1; /* writes */
}

/* One element too many, as they do it. */
void scale(double *x, long n, double factor)
{
	for (long i = 0; i <= n; i++)
		x[i] *= factor; /* scales */
}

/* The element before the first. */
double difference(const double *x, long n)
{
	double sum = 0;
	for (long i = n - 1; i >= 0; i--)
		sum += x[i] - x[i - 1]; /* subtracts */
	return sum;
}

/* Through a structure in VE memory. */
struct vector {
	double *values;
	long count;
};

void fill(struct vector *v, double value)
{
	for (long i = 0; i <= v->count; i++)
		v->values[i] = value; /* fills */
}

/* Far behind the end. */
void far(double *x, long index)
{
	x[index] = 1; /* far */
}

/* Memory that a call before has been given. */
static double *kept;

void keep(double *x)
{
	kept = x;
}

double use_kept(long index)
{
	return kept[index]; /* uses */
}

void change_kept(long index)
{
	kept[index] = 1; /* changes */
}

/* By the C library. */
void copy(void *to, const void *from, long size)
{
	memcpy(to, from, size); /* copies */
}

/* In a thread of its own. */
static void *in_thread(void *x)
{
	*(double *)x = 1; /* in a thread */
	return 0;
}

void start_thread(double *x, long n)
{
	pthread_t thread;
	pthread_create(&thread, 0, in_thread, x + n);
	pthread_join(thread, 0);
}
