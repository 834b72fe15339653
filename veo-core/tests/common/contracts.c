/* The kernel behind every declaration with a contract: it counts how often it ran. */
#include <stdint.h>

static int64_t ran;

int64_t touch(void) { return ++ran; }

int64_t runs(void) { return ran; }
