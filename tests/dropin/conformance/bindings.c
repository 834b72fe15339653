/* Kernels that call `first_of`, which is in no library that they need: one that was loaded before
 * has it. PLAIN uses the address that it gets, ASKING asks for its tag, MIDDLE calls on. */
#include <stdint.h>
#include <stdio.h>

int veo_is_ve_addr(const void *);
uint64_t first_of(const uint64_t *address);
uint64_t second_of(const uint64_t *address);

#if defined PLAIN
uint64_t first_of(const uint64_t *address)
{
	return *address;
}
#elif defined ASKING
uint64_t first_of(const uint64_t *address)
{
	return (uint64_t)veo_is_ve_addr(address);
}
#elif defined MIDDLE
uint64_t second_of(const uint64_t *address)
{
	return first_of(address);
}
#else
__attribute__((weak)) uint64_t second_of(const uint64_t *address);

uint64_t call_first(const uint64_t *address)
{
	return first_of(address);
}

uint64_t call_second(const uint64_t *address)
{
	return second_of ? second_of(address) : 2;
}

/* A variable that a program of the host has, too. */
uint64_t checked_first(const uint64_t *address)
{
	return ferror(stdin) ? 0 : *address;
}
#endif
