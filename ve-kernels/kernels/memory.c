/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Memory as a kernel sees it, for tests of transfers.
 */
#include <stdint.h>
#include <string.h>

/* A large global variable, so that transfers can go to a library's own memory. */
unsigned char large_global[(256 << 20) + 64];

/* The FNV-1a hash of n bytes, taken by words of eight and then by single bytes. */
uint64_t hash_bytes(const unsigned char *bytes, uint64_t n)
{
	uint64_t hash = 0xcbf29ce484222325u, word;
	for (; n >= 8; n -= 8, bytes += 8) {
		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * 0x100000001b3u;
	}
	for (; n > 0; n--)
		hash = (hash ^ *bytes++) * 0x100000001b3u;
	return hash;
}

/* The same of a part of the large global variable. */
uint64_t hash_global(uint64_t offset, uint64_t n)
{
	return hash_bytes(large_global + offset, n);
}
