/* Symbols: weak ones, aliases, common ones, hidden ones, sections; with linkage_other.c. */
#include "corpus.h"

#define HIDDEN __attribute__((visibility("hidden")))

int defined_weakly(void) __attribute__((weak));
int defined_weakly(void) { return 1; }
int weak_in_the_other(void);
extern int only_here_weakly __attribute__((weak));
int only_here_weakly = 12;
int nowhere(void) __attribute__((weak));
extern int nowhere_variable __attribute__((weak));

TEST(weak_symbols)
{
    OUT(defined_weakly());
    OUT(weak_in_the_other());
    OUT(only_here_weakly);
    OUT(nowhere == 0);
    OUT(&nowhere_variable == 0);
    OUT(nowhere ? nowhere() : 77);
}
int weak_in_the_other(void) { return 20; }

static int original(int x) { return x * 3; }
int another_name(int) __attribute__((alias("original")));
extern const int also_a_variable[3];
const int a_variable[3] = {4, 5, 6};
extern const int also_a_variable[3] __attribute__((alias("a_variable")));
int weak_alias(int) __attribute__((weak, alias("original")));
int in_the_other(int);

TEST(aliases)
{
    OUT(another_name(IN(int, 5)));
    OUT(weak_alias(IN(int, 6)));
    OUT(also_a_variable[IN(int, 2)]);
    OUT((also_a_variable == a_variable) + 2 * (another_name == original));
    OUT(in_the_other(IN(int, 7)));
}

int common_one, common_array[50];
double common_double;
extern int *address_of_common(void);
extern void set_common(int, double);

TEST(common_symbols)
{
    OUT(common_one + common_array[49]);
    set_common(IN(int, 9), IN(double, 2.5));
    OUT(common_one);
    OUT(common_array[49]);
    OUT(common_double);
    OUT(address_of_common() == &common_one);
}

HIDDEN int hidden_function(int x) { return x + 1000; }
HIDDEN int hidden_variable = 5;
extern HIDDEN int hidden_in_the_other[2];
HIDDEN int *pointer_to_hidden(void);
__attribute__((visibility("protected"))) int protected_function(int x) { return x - 1; }

TEST(visibility)
{
    OUT(hidden_function(IN(int, 1)));
    OUT(*pointer_to_hidden() + hidden_in_the_other[1]);
    hidden_in_the_other[0] += 3;
    OUT(hidden_in_the_other[0]);
    OUT(pointer_to_hidden() == &hidden_variable);
    OUT(protected_function(IN(int, 4)));
}

__attribute__((section("numbers"))) int in_a_section = 31;
__attribute__((section("numbers"))) int in_a_section_too = 32;
__attribute__((section(".text.other"))) NOINLINE int code_elsewhere(int x) { return x * 7; }
__attribute__((section("code_of_its_own"))) NOINLINE int more_code(int x) { return code_elsewhere(x) + in_a_section; }
__attribute__((section(".data.rel.ro.own"))) int (*const table_elsewhere[])(int) = {more_code, code_elsewhere, in_the_other, hidden_function};
__attribute__((section(".bss.own"))) int zeros_elsewhere[100];

TEST(sections)
{
    OUT(more_code(IN(int, 3)));
    OUT(in_a_section_too);
    for (int i = 0; i < 4; i++)
        OUT(table_elsewhere[i](IN(int, 10)));
    OUT(zeros_elsewhere[IN(int, 99)]++);
    OUT(zeros_elsewhere[99]);
}

extern int shared[4];
extern int *const into_shared;
extern const char *const *names_of_the_other(void);
extern int (*function_of_the_other)(int);
int for_the_other(int x) { return x ^ 0x55; }
static int *const own_pointers[] = {&shared[1], &common_array[3], (int *)a_variable + 2, &hidden_variable};

TEST(data_of_another_unit)
{
    shared[2] = IN(int, 8);
    OUT(*into_shared);
    for (int i = 0; i < 4; i++)
        OUT(*own_pointers[i]);
    const char *const *names = names_of_the_other();
    for (; *names; names++)
        out_text(*names);
    OUT(function_of_the_other(IN(int, 1)));
    OUT((function_of_the_other == for_the_other) + 2 * (into_shared == shared + 2));
}

extern __thread int local_of_the_other;
extern __thread u8 bytes_of_the_other[10];
__thread double local_for_the_other = 0.75;
double use_local(double);

TEST(thread_local_of_another_unit)
{
    OUT(local_of_the_other++);
    OUT(local_of_the_other);
    bytes_of_the_other[9] += 3;
    OUT(bytes_of_the_other[9]);
    OUT(use_local(IN(double, 2)));
    OUT(local_for_the_other);
}

extern inline int inline_here(int x) { return x + 3; }
inline int inline_there(int x) { return x + 4; }
static inline int inline_alone(int x) { return inline_there(x) * 2; }
int (*pointer_to_inline(void))(int);

TEST(inline_functions)
{
    int (*volatile pointer)(int) = inline_here;
    OUT(pointer(IN(int, 1)));
    pointer = inline_there;
    OUT(pointer(IN(int, 1)));
    OUT(inline_alone(IN(int, 1)));
    OUT(pointer_to_inline() == inline_here);
}

int constructed_here, constructed_order;
extern int constructed_there;
__attribute__((constructor(300))) static void construct(void) { constructed_here = ++constructed_order; }

TEST(constructors_of_two_units)
{
    OUT(constructed_here);
    OUT(constructed_there);
    OUT(constructed_order);
}

struct callbacks {
    int (*first)(struct callbacks *, int);
    const struct callbacks *next;
    char name[8];
};
extern struct callbacks chain_there;
static int step(struct callbacks *self, int x) { return x * 10 + self->name[0] - 'a' + (self->next ? self->next->first((struct callbacks *)self->next, x) : 0); }
struct callbacks chain_here = {step, &chain_there, "a"};

TEST(structures_that_name_each_other)
{
    OUT(chain_here.first(&chain_here, IN(int, 4)));
    OUT(chain_there.first(&chain_there, IN(int, 5)));
}

/* Names of other characters, and long ones. */
int named_strangely(void) __asm__("a.name$with.points");
int named_strangely(void) { return 6; }
int from_the_other(void) __asm__("other$name");
int a_name_that_is_very_long_so_that_tables_of_names_have_to_hold_more_than_a_few_characters_for_each_of_the_symbols_which_they_name(void) { return 5; }

TEST(strange_names)
{
    OUT(named_strangely());
    OUT(from_the_other());
    OUT(a_name_that_is_very_long_so_that_tables_of_names_have_to_hold_more_than_a_few_characters_for_each_of_the_symbols_which_they_name());
}

int main(void)
{
    RUN(weak_symbols);
    RUN(aliases);
    RUN(common_symbols);
    RUN(visibility);
    RUN(sections);
    RUN(data_of_another_unit);
    RUN(thread_local_of_another_unit);
    RUN(inline_functions);
    RUN(constructors_of_two_units);
    RUN(structures_that_name_each_other);
    RUN(strange_names);
    return 0;
}
