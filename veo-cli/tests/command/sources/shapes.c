/* Functions with all kinds of types, for the command's tests. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct point {
	double x, y;
	struct point *next;
};

typedef struct {
	int8_t tag;
	double value;
	float pair[2];
} item;

struct hidden;

union either {
	int i;
	float f;
};

struct flags {
	unsigned a : 3;
	unsigned b : 5;
};

int counter = 3;

double sum(const double *x, long n)
{
	double s = 0;
	for (long i = 0; i < n; i++)
		s += x[i];
	return s;
}

void scale(double *x, long n, double by)
{
	for (long i = 0; i < n; i++)
		x[i] *= by;
}

int8_t narrow(int8_t x)
{
	return -x;
}

uint64_t widest(uint64_t x)
{
	return x;
}

float half(float x)
{
	return x / 2;
}

long length(const char *text)
{
	return (long)strlen(text);
}

void shout(char *text)
{
	for (; *text; text++)
		if (*text >= 'a' && *text <= 'z')
			*text -= 32;
}

double norm2(const struct point *p)
{
	return p->x * p->x + p->y * p->y;
}

void fill(item *items, int n)
{
	for (int i = 0; i < n; i++)
		items[i].value = i;
}

struct hidden *handle(struct hidden *old)
{
	return old;
}

long double wide(long double x)
{
	return x;
}

int total(int n, ...)
{
	return n;
}

double twice(double x)
{
	return 2 * x;
}

double apply(double (*f)(double), double x)
{
	return f(x);
}

int match(int type)
{
	return type;
}

int overlap(union either *e, struct flags *f)
{
	return e->i + (int)f->a;
}

void greet(void)
{
	printf("hello\n");
	fflush(stdout);
}

void stop(void)
{
	abort();
}
