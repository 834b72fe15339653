/* Structures of all layouts, for declarations that no compiler has seen. */
#include <complex.h>
#include <stdint.h>

struct inner {
	int8_t a;
	int32_t b;
};

struct outer {
	int16_t head;
	struct inner parts[3];
	double tail;
};

struct __attribute__((packed)) tight {
	int8_t a;
	double b;
	int16_t c;
};

struct __attribute__((aligned(32))) wide {
	float x[3];
};

struct list {
	struct list *next;
	struct outer *item;
	double _Complex value;
};

typedef struct {
	uint64_t word;
} handle;

void nested(struct outer *p, struct inner *q)
{
	p->tail = q->b;
}

void packed(struct tight *p)
{
	p->a = 1;
}

void aligned(struct wide *p)
{
	p->x[0] = 1;
}

void linked(struct list *p)
{
	p->value = 0;
}

void wrapped(handle *p)
{
	p->word = 0;
}

void matrix(double (*p)[4], float **q)
{
	p[0][0] = q[0][0];
}
