/* Longer pieces of code about bytes: hashes, ciphers, compression, encodings. */
#include "corpus.h"

static u32 rotated(u32 x, int by) { return x << by | x >> (32 - by); }

/* SHA-256; its constants are computed: the fractions of square and cube roots of primes. */
static u64 fraction_of_root(u64 prime, int degree)
{
    unsigned __int128 low = 0, high = (unsigned __int128)20 << 32;
    while (high - low > 1) {
        unsigned __int128 middle = (low + high) / 2, power = middle * middle;
        int too_large = degree == 2 ? power > (unsigned __int128)prime << 64 : power * middle > (unsigned __int128)prime << 96;
        if (too_large)
            high = middle;
        else
            low = middle;
    }
    return (u64)low;
}

static void sha256(const u8 *text, size_t length, u32 state[8])
{
    u32 constants[64];
    int primes = 0;
    for (u64 n = 2; primes < 64; n++) {
        int prime = 1;
        for (u64 d = 2; d * d <= n; d++)
            prime &= n % d != 0;
        if (!prime)
            continue;
        if (primes < 8)
            state[primes] = (u32)fraction_of_root(n, 2);
        constants[primes++] = (u32)fraction_of_root(n, 3);
    }
    size_t blocks = (length + 9 + 63) / 64;
    for (size_t block = 0; block < blocks; block++) {
        u32 w[64] = {0};
        for (size_t i = 0; i < 64; i++) {
            size_t at = block * 64 + i;
            u8 byte = at < length ? text[at] : at == length ? 0x80 : at >= blocks * 64 - 8 ? (u8)((u64)length * 8 >> 8 * (blocks * 64 - 1 - at)) : 0;
            w[i / 4] |= (u32)byte << (24 - i % 4 * 8);
        }
        for (int i = 16; i < 64; i++) {
            u32 a = w[i - 15], b = w[i - 2];
            w[i] = w[i - 16] + (rotated(a, 25) ^ rotated(a, 14) ^ a >> 3) + w[i - 7] + (rotated(b, 15) ^ rotated(b, 13) ^ b >> 10);
        }
        u32 s[8];
        memcpy(s, state, sizeof s);
        for (int i = 0; i < 64; i++) {
            u32 one = s[7] + (rotated(s[4], 26) ^ rotated(s[4], 21) ^ rotated(s[4], 7)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i] + w[i];
            u32 two = (rotated(s[0], 30) ^ rotated(s[0], 19) ^ rotated(s[0], 10)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
            memmove(s + 1, s, 7 * sizeof *s);
            s[4] += one;
            s[0] = one + two;
        }
        for (int i = 0; i < 8; i++)
            state[i] += s[i];
    }
}

TEST(secure_hash)
{
    u32 state[8];
    sha256((const u8 *)"abc", 3, state);
    for (int i = 0; i < 8; i++)
        OUT(state[i]);
    u8 long_text[200];
    memset(long_text, IN(u8, 'x'), sizeof long_text);
    sha256(long_text, sizeof long_text, state);
    OUT(state[0]);
    OUT(state[7]);
}

/* AES of one block; its substitution box is computed, too. */
static u8 times_in_field(u8 a, u8 b)
{
    u8 product = 0;
    for (; b; b >>= 1) {
        if (b & 1)
            product ^= a;
        a = (u8)(a << 1) ^ (a & 0x80 ? 0x1b : 0);
    }
    return product;
}

static void aes(const u8 key[16], const u8 in[16], u8 out[16])
{
    u8 box[256], keys[176], round = 1;
    for (int i = 0; i < 256; i++) {
        u8 inverse = 0;
        for (int k = 1; k < 256 && i; k++)
            if (times_in_field((u8)i, (u8)k) == 1)
                inverse = (u8)k;
        u8 x = inverse;
        for (int k = 1; k < 5; k++)
            x ^= (u8)(inverse << k | inverse >> (8 - k));
        box[i] = x ^ 0x63;
    }
    memcpy(keys, key, 16);
    for (int i = 16; i < 176; i += 4) {
        u8 word[4];
        memcpy(word, keys + i - 4, 4);
        if (i % 16 == 0) {
            u8 first = word[0];
            for (int k = 0; k < 4; k++)
                word[k] = box[k < 3 ? word[k + 1] : first];
            word[0] ^= round;
            round = times_in_field(round, 2);
        }
        for (int k = 0; k < 4; k++)
            keys[i + k] = keys[i + k - 16] ^ word[k];
    }
    u8 s[16], t[16];
    for (int i = 0; i < 16; i++)
        s[i] = in[i] ^ keys[i];
    for (int r = 1; r <= 10; r++) {
        for (int i = 0; i < 16; i++)
            t[i] = box[s[(i + i % 4 * 4) % 16]];
        for (int c = 0; c < 16; c += 4)
            for (int i = 0; i < 4; i++)
                s[c + i] = (r == 10 ? t[c + i] : times_in_field(t[c + i], 2) ^ times_in_field(t[c + (i + 1) % 4], 3) ^ t[c + (i + 2) % 4] ^ t[c + (i + 3) % 4]) ^ keys[r * 16 + c + i];
    }
    memcpy(out, s, 16);
}

TEST(block_cipher)
{
    u8 key[16], text[16], out[16];
    for (int i = 0; i < 16; i++) {
        key[i] = IN(u8, (u8)i);
        text[i] = (u8)(i * 17);
    }
    aes(key, text, out);
    for (int i = 0; i < 16; i++)
        OUT(out[i]);
}

/* Codes of variable length for the letters of a text, there and back. */
struct code_node {
    int weight, left, right;
};

static void assign(const struct code_node *nodes, int at, u32 code, int length, u32 *codes, int *lengths)
{
    if (nodes[at].left < 0) {
        codes[at] = code;
        lengths[at] = length;
        return;
    }
    assign(nodes, nodes[at].left, code << 1, length + 1, codes, lengths);
    assign(nodes, nodes[at].right, code << 1 | 1, length + 1, codes, lengths);
}

TEST(huffman)
{
    static const char text[] = "the quick brown fox jumps over the lazy dog, again and again, as it always did";
    struct code_node nodes[512];
    int used[512] = {0}, count = 256, root = -1;
    for (int i = 0; i < 256; i++)
        nodes[i] = (struct code_node){0, -1, -1};
    for (const char *it = text; *it; it++)
        nodes[(u8)*it].weight++;
    for (;;) {
        int best[2] = {-1, -1};
        for (int i = 0; i < count; i++)
            if (!used[i] && nodes[i].weight) {
                if (best[0] < 0 || nodes[i].weight < nodes[best[0]].weight) {
                    best[1] = best[0];
                    best[0] = i;
                } else if (best[1] < 0 || nodes[i].weight < nodes[best[1]].weight) {
                    best[1] = i;
                }
            }
        if (best[1] < 0) {
            root = best[0];
            break;
        }
        used[best[0]] = used[best[1]] = 1;
        nodes[count++] = (struct code_node){nodes[best[0]].weight + nodes[best[1]].weight, best[0], best[1]};
    }
    u32 codes[512];
    int lengths[512];
    assign(nodes, root, 0, 0, codes, lengths);
    u8 packed[100] = {0};
    int bits = 0;
    for (const char *it = text; *it; it++)
        for (int i = lengths[(u8)*it]; i-- > 0; bits++)
            packed[bits / 8] |= (u8)((codes[(u8)*it] >> i & 1) << bits % 8);
    OUT(bits);
    out_bytes(packed, sizeof packed);
    char back[100];
    int length = 0;
    for (int i = 0, at = root; i < bits; i++) {
        at = packed[i / 8] >> i % 8 & 1 ? nodes[at].right : nodes[at].left;
        if (nodes[at].left < 0) {
            back[length++] = (char)at;
            at = root;
        }
    }
    back[length] = 0;
    out_text(back);
}

/* Compression by references to what came before. */
static size_t compress(const u8 *in, size_t size, u8 *out)
{
    size_t at = 0, written = 0;
    while (at < size) {
        size_t best = 0, from = 0;
        for (size_t back = 1; back <= at && back < 256; back++) {
            size_t length = 0;
            while (length < 255 && at + length < size && in[at + length] == in[at - back + length])
                length++;
            if (length > best) {
                best = length;
                from = back;
            }
        }
        if (best > 3) {
            out[written++] = 0xff;
            out[written++] = (u8)from;
            out[written++] = (u8)best;
            at += best;
        } else {
            if (in[at] >= 0xfe)
                out[written++] = 0xfe;
            out[written++] = in[at++];
        }
    }
    return written;
}

static size_t expand(const u8 *in, size_t size, u8 *out)
{
    size_t written = 0;
    for (size_t at = 0; at < size; at++) {
        if (in[at] == 0xff) {
            for (int i = 0; i < in[at + 2]; i++, written++)
                out[written] = out[written - in[at + 1]];
            at += 2;
        } else {
            out[written++] = in[in[at] == 0xfe ? ++at : at];
        }
    }
    return written;
}

TEST(compression)
{
    u8 data[500], packed[1000], back[500];
    u64 state = 3;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = i % 60 < 40 ? (u8)(i % 13 * 20) : (u8)next_random(&state);
    size_t size = compress(data, sizeof data, packed);
    OUT(size);
    out_bytes(packed, size);
    OUT(expand(packed, size, back) == sizeof back);
    OUT(!memcmp(data, back, sizeof back));
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

TEST(base64)
{
    for (int size = 0; size < 9; size++) {
        const u8 *in = (const u8 *)"\xff\x00z\x80qrs\xfe";
        char text[20], *to = text;
        for (int i = 0; i < size; i += 3) {
            u32 three = (u32)in[i] << 16 | (i + 1 < size ? in[i + 1] << 8 : 0) | (i + 2 < size ? in[i + 2] : 0);
            for (int k = 0; k < 4; k++)
                *to++ = i + k <= size ? alphabet[three >> (18 - 6 * k) & 63] : '=';
        }
        *to = 0;
        out_text(text);
    }
}

/* Text between encodings, with what is no text. */
static int decode(const u8 *at, u32 *point)
{
    int more = *at < 0x80 ? 0 : *at >> 5 == 6 ? 1 : *at >> 4 == 14 ? 2 : *at >> 3 == 30 ? 3 : -1;
    if (more < 0)
        return 0;
    *point = more ? *at & (0x3f >> more) : *at;
    for (int i = 1; i <= more; i++) {
        if (at[i] >> 6 != 2)
            return 0;
        *point = *point << 6 | (at[i] & 0x3f);
    }
    static const u32 least[] = {0, 0x80, 0x800, 0x10000};
    return *point >= least[more] && *point < 0x110000 && *point >> 11 != 27 ? more + 1 : 0;
}

TEST(encodings)
{
    static const u8 text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xff\xe2\x82";
    for (const u8 *at = text; *at;) {
        u32 point = 0xfffd;
        int length = decode(at, &point);
        OUT(length ? point : 0xfffd);
        at += length ? length : 1;
    }
}

static u32 twister[624];

TEST(pseudo_random)
{
    twister[0] = IN(u32, 5489);
    for (u32 i = 1; i < 624; i++)
        twister[i] = 1812433253u * (twister[i - 1] ^ twister[i - 1] >> 30) + i;
    for (int i = 0; i < 624; i++) {
        u32 y = (twister[i] & 0x80000000) | (twister[(i + 1) % 624] & 0x7fffffff);
        twister[i] = twister[(i + 397) % 624] ^ y >> 1 ^ (y & 1 ? 0x9908b0df : 0);
    }
    for (int i = 0; i < 624; i += 100) {
        u32 y = twister[i];
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c5680;
        y ^= y << 15 & 0xefc60000;
        OUT(y ^ y >> 18);
    }
}

TEST(checksums)
{
    u8 data[200];
    for (int i = 0; i < 200; i++)
        data[i] = (u8)(i * i + 7);
    u32 a = 1, b = 0, crc = ~0u;
    u16 ccitt = 0xffff;
    u64 sip = 0;
    for (int i = 0; i < 200; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
        crc ^= data[i];
        ccitt ^= (u16)(data[i] << 8);
        for (int k = 0; k < 8; k++) {
            crc = crc >> 1 ^ (-(crc & 1) & 0xedb88320);
            ccitt = (u16)(ccitt & 0x8000 ? ccitt << 1 ^ 0x1021 : ccitt << 1);
        }
        sip = (sip << 13 | sip >> 51) * 0xff51afd7ed558ccd + data[i];
    }
    OUT(b << 16 | a);
    OUT(~crc);
    OUT(ccitt);
    OUT(sip);
}

int main(void)
{
    RUN(secure_hash);
    RUN(block_cipher);
    RUN(huffman);
    RUN(compression);
    RUN(base64);
    RUN(encodings);
    RUN(pseudo_random);
    RUN(checksums);
    return 0;
}
