/* The other half of linkage.c. */
#include "corpus.h"

#define HIDDEN __attribute__((visibility("hidden")))

int defined_weakly(void) { return 10; }
__attribute__((weak)) int weak_in_the_other(void) { return 2; }
int in_the_other(int x) { return x * 5 + defined_weakly(); }

int common_one, common_array[50];
double common_double;
int *address_of_common(void) { return &common_one; }
void set_common(int x, double y)
{
    common_one = x;
    common_array[49] = x + 1;
    common_double = y;
}

HIDDEN extern int hidden_variable;
HIDDEN int hidden_in_the_other[2] = {6, 7};
HIDDEN int *pointer_to_hidden(void) { return &hidden_variable; }

int shared[4] = {1, 2, 3, 4};
int *const into_shared = &shared[2];
static const char *const names[] = {"first", "second", 0};
const char *const *names_of_the_other(void) { return names; }
extern int for_the_other(int);
int (*function_of_the_other)(int) = for_the_other;

__thread int local_of_the_other = 70;
__thread u8 bytes_of_the_other[10];
extern __thread double local_for_the_other;
double use_local(double x) { return local_for_the_other += x * local_of_the_other; }

int inline_here(int x);
extern inline int inline_there(int x) { return x + 4; }
int (*pointer_to_inline(void))(int) { return inline_here; }

int constructed_there;
extern int constructed_order;
__attribute__((constructor(250))) static void construct(void) { constructed_there = ++constructed_order; }

struct callbacks {
    int (*first)(struct callbacks *, int);
    const struct callbacks *next;
    char name[8];
};
static int step(struct callbacks *self, int x) { return x + self->name[1]; }
struct callbacks chain_there = {step, 0, {0, 'z'}};

int from_the_other(void) __asm__("other$name");
int from_the_other(void) { return 66; }
