/* A library that needs another one to be loaded before it. */
#include <stdint.h>

uint64_t provided(void);

uint64_t use(void)
{
	return provided() + 1;
}
