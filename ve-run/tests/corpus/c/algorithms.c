/* Longer pieces of code: parsers, trees, sorting, searches, simulations. */
#include <stdlib.h>

#include "corpus.h"

/* A matcher of patterns with . * ? ^ $ by recursion. */
static int match_here(const char *pattern, const char *text)
{
    if (!*pattern)
        return 1;
    if (pattern[1] == '*') {
        do
            if (match_here(pattern + 2, text))
                return 1;
        while (*text && (*text++ == *pattern || *pattern == '.'));
        return 0;
    }
    if (pattern[1] == '?')
        return match_here(pattern + 2, text) || (*text && (*text == *pattern || *pattern == '.') && match_here(pattern + 2, text + 1));
    if (*pattern == '$' && !pattern[1])
        return !*text;
    return *text && (*pattern == '.' || *pattern == *text) && match_here(pattern + 1, text + 1);
}

TEST(patterns)
{
    static const char *const pairs[][2] = {{"a.c", "xabc"}, {"^a*b$", "aaab"}, {"^a*b$", "aaabc"}, {"colou?r", "the color"}, {"x*", ""}, {"^.*d.*f$", "abcdef"}, {"a?a?a?aaa", "aaa"}, {"z$", "za"}};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        const char *pattern = pairs[i][0], *text = pairs[i][1];
        int found = 0;
        if (*pattern == '^')
            found = match_here(pattern + 1, text);
        else
            do
                found |= match_here(pattern, text);
            while (*text++);
        OUT(found);
    }
}

/* A parser of nested text into a tree, and what it weighs. */
struct value {
    enum { NUMBER, TEXT, LIST, MAP } kind;
    union {
        double number;
        struct {
            const char *at;
            int length;
        } text;
        struct {
            struct value *first;
            int count;
        } list;
    };
    struct value *next;
};

static struct value pool[64];
static int pooled;

static const char *skip(const char *at)
{
    while (*at == ' ' || *at == ',' || *at == ':')
        at++;
    return at;
}

static struct value *parse(const char **at)
{
    struct value *it = &pool[pooled++];
    memset(it, 0, sizeof *it);
    *at = skip(*at);
    char c = **at;
    if (c == '[' || c == '{') {
        struct value **place = &it->list.first;
        it->kind = c == '[' ? LIST : MAP;
        ++*at;
        while (*(*at = skip(*at)) != (c == '[' ? ']' : '}')) {
            *place = parse(at);
            place = &(*place)->next;
            it->list.count++;
        }
        ++*at;
    } else if (c == '"') {
        it->kind = TEXT;
        it->text.at = ++*at;
        while (**at != '"')
            ++*at;
        it->text.length = (int)(*at - it->text.at);
        ++*at;
    } else {
        char *end;
        it->number = strtod(*at, &end);
        *at = end;
    }
    return it;
}

static double weigh(const struct value *it)
{
    double sum = 0;
    switch (it->kind) {
    case NUMBER: return it->number;
    case TEXT: return it->text.length + it->text.at[0];
    case MAP: sum = 0.5; /* falls through */
    case LIST:
        for (const struct value *item = it->list.first; item; item = item->next)
            sum = sum * 1.5 + weigh(item);
    }
    return sum;
}

TEST(nested_text)
{
    const char *text = "{\"a\": [1, -2.5e3, [], {\"deep\": [[[7]]]}], \"name\": \"value\", \"n\": 0.001}";
    struct value *tree = parse(&text);
    OUT(weigh(tree));
    OUT(pooled);
    OUT(tree->list.count + 100 * !*text);
}

/* Numbers of any length: a factorial in decimal. */
TEST(long_numbers)
{
    u32 digits[40] = {1};
    int used = 1;
    for (u32 n = 2; n <= IN(u32, 60); n++) {
        u64 carry = 0;
        for (int i = 0; i < used; i++) {
            carry += (u64)digits[i] * n;
            digits[i] = (u32)(carry % 1000000000);
            carry /= 1000000000;
        }
        if (carry)
            digits[used++] = (u32)carry;
    }
    printf(" %u", digits[used - 1]);
    for (int i = used - 1; i-- > 0;)
        printf("%09u", digits[i]);
}

/* A hash table with removal. */
struct entry {
    u64 key, value;
    u8 state;
};

static struct entry *look_up(struct entry *table, u64 key)
{
    struct entry *grave = 0;
    u64 state = key;
    for (u64 at = next_random(&state) % 128;; at = (at + 1) % 128) {
        if (table[at].state == 0)
            return grave ? grave : &table[at];
        if (table[at].state == 2) {
            if (!grave)
                grave = &table[at];
        } else if (table[at].key == key) {
            return &table[at];
        }
    }
}

TEST(hash_table)
{
    static struct entry table[128];
    u64 state = 17, sum = 0;
    for (int i = 0; i < 600; i++) {
        u64 r = next_random(&state), key = r % 90;
        struct entry *it = look_up(table, key);
        if (r >> 60 < 5) {
            if (it->state == 1)
                it->state = 2;
        } else {
            *it = (struct entry){key, it->state == 1 ? it->value + 1 : r >> 50, 1};
        }
    }
    for (int i = 0; i < 128; i++)
        if (table[i].state == 1)
            sum += table[i].key * table[i].value;
    OUT(sum);
}

/* A balanced tree: rotations along the path back. */
struct balanced {
    int key, height;
    struct balanced *child[2];
};

static int height(const struct balanced *it) { return it ? it->height : 0; }

static void measure(struct balanced *it)
{
    int left = height(it->child[0]), right = height(it->child[1]);
    it->height = 1 + (left > right ? left : right);
}

static struct balanced *rotate(struct balanced *it, int to)
{
    struct balanced *top = it->child[!to];
    it->child[!to] = top->child[to];
    top->child[to] = it;
    measure(it);
    measure(top);
    return top;
}

static struct balanced *insert(struct balanced *root, struct balanced *node)
{
    if (!root)
        return node;
    int side = node->key > root->key;
    root->child[side] = insert(root->child[side], node);
    measure(root);
    if (height(root->child[side]) - height(root->child[!side]) > 1) {
        struct balanced *heavy = root->child[side];
        if (height(heavy->child[!side]) > height(heavy->child[side]))
            root->child[side] = rotate(heavy, side);
        return rotate(root, !side);
    }
    return root;
}

static u64 tour(const struct balanced *it, u64 hash)
{
    return it ? tour(it->child[1], tour(it->child[0], hash) * 31 + (u64)it->key * 8 + (u64)it->height) : hash;
}

TEST(balanced_tree)
{
    static struct balanced nodes[150];
    struct balanced *root = 0;
    for (int i = 0; i < 150; i++) {
        nodes[i].key = i * 67 % 151;
        nodes[i].height = 1;
        root = insert(root, &nodes[i]);
    }
    OUT(root->height);
    OUT(tour(root, 1));
}

static void heap_sort(i32 *x, int n)
{
    for (int end = n, start = n / 2; end > 1;) {
        if (start > 0) {
            start--;
        } else {
            i32 t = x[--end];
            x[end] = x[0];
            x[0] = t;
        }
        for (int root = start, child; (child = 2 * root + 1) < end; root = child) {
            if (child + 1 < end && x[child] < x[child + 1])
                child++;
            if (x[root] >= x[child])
                break;
            i32 t = x[root];
            x[root] = x[child];
            x[child] = t;
        }
    }
}

static void merge_sort(i32 *x, i32 *room, int n)
{
    if (n < 2)
        return;
    int half = n / 2, a = 0, b = half;
    merge_sort(x, room, half);
    merge_sort(x + half, room, n - half);
    memcpy(room, x, (size_t)n * sizeof *x);
    for (int i = 0; i < n; i++)
        x[i] = a < half && (b == n || room[a] <= room[b]) ? room[a++] : room[b++];
}

static void quick_sort(i32 *low, i32 *high)
{
    while (low < high) {
        i32 pivot = low[(high - low) / 2], *a = low - 1, *b = high + 1;
        for (;;) {
            while (*++a < pivot)
                ;
            while (*--b > pivot)
                ;
            if (a >= b)
                break;
            i32 t = *a;
            *a = *b;
            *b = t;
        }
        quick_sort(low, b);
        low = b + 1;
    }
}

static void radix_sort(u32 *x, u32 *room, int n)
{
    for (int shift = 0; shift < 32; shift += 8) {
        int counts[257] = {0};
        for (int i = 0; i < n; i++)
            counts[(x[i] >> shift & 255) + 1]++;
        for (int i = 0; i < 256; i++)
            counts[i + 1] += counts[i];
        for (int i = 0; i < n; i++)
            room[counts[x[i] >> shift & 255]++] = x[i];
        u32 *t = x;
        x = room;
        room = t;
    }
}

static void fill(i32 *x, int n)
{
    u64 state = 99;
    for (int i = 0; i < n; i++)
        x[i] = (i32)next_random(&state) >> i % 20;
}

TEST(sorting)
{
    enum { N = 300 };
    i32 a[N], b[N], room[N];
    fill(a, N);
    heap_sort(a, N);
    fill(b, N);
    merge_sort(b, room, N);
    OUT(!memcmp(a, b, sizeof a));
    fill(b, N);
    quick_sort(b, b + N - 1);
    OUT(!memcmp(a, b, sizeof a));
    fill(b, N);
    radix_sort((u32 *)b, (u32 *)room, N);
    out_bytes(a, sizeof a);
    out_bytes(b, sizeof b);
}

TEST(edit_distance)
{
    static const char *const words[] = {"kitten", "sitting", "", "saturday", "sunday", "kitchen"};
    for (size_t w = 0; w + 1 < COUNT(words); w++) {
        const char *a = words[w], *b = words[w + 1];
        size_t n = strlen(b);
        u8 row[16];
        for (size_t k = 0; k <= n; k++)
            row[k] = (u8)k;
        for (size_t i = 0; a[i]; i++) {
            u8 diagonal = row[0]++;
            for (size_t k = 0; k < n; k++) {
                u8 best = diagonal + (a[i] != b[k]);
                diagonal = row[k + 1];
                best = best < diagonal + 1 ? best : diagonal + 1;
                row[k + 1] = best < row[k] + 1 ? best : row[k] + 1;
            }
        }
        OUT(row[n]);
    }
}

/* Shortest ways through a net, with a queue of priorities. */
TEST(shortest_ways)
{
    enum { N = 40 };
    static u16 net[N][N];
    u64 state = 2;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            net[i][k] = next_random(&state) % 8 == 0 ? (u16)(1 + next_random(&state) % 100) : 0;
    u32 distance[N], heap[N * N];
    int size = 0;
    memset(distance, 0xff, sizeof distance);
    distance[0] = 0;
    heap[size++] = 0;
    while (size) {
        u32 top = heap[0], last = heap[--size];
        for (int at = 0, child; (child = 2 * at + 1) < size || at == 0; at = child) {
            if (child + 1 < size && heap[child + 1] < heap[child])
                child++;
            if (child >= size || heap[child] >= last) {
                heap[at] = last;
                break;
            }
            heap[at] = heap[child];
            heap[child] = last;
        }
        u32 node = top & 0xff, so_far = top >> 8;
        if (so_far > distance[node])
            continue;
        for (u32 next = 0; next < N; next++)
            if (net[node][next] && so_far + net[node][next] < distance[next]) {
                distance[next] = so_far + net[node][next];
                int at = size++;
                u32 item = distance[next] << 8 | next;
                for (; at && heap[(at - 1) / 2] > item; at = (at - 1) / 2)
                    heap[at] = heap[(at - 1) / 2];
                heap[at] = item;
            }
    }
    for (int i = 0; i < N; i += 3)
        OUT(distance[i]);
}

/* A machine of eight instructions that knows nothing but a tape. */
TEST(tape_machine)
{
    const char *code = "++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.";
    u8 tape[30] = {0}, *at = tape;
    char out[10];
    int written = 0;
    for (const char *pc = code; *pc; pc++)
        switch (*pc) {
        case '>': at++; break;
        case '<': at--; break;
        case '+': ++*at; break;
        case '-': --*at; break;
        case '.': out[written++] = (char)*at; break;
        case '[':
        case ']':
            if ((*pc == '[') == !*at) {
                int step = *pc == '[' ? 1 : -1, depth = step;
                while (depth) {
                    pc += step;
                    depth += *pc == '[' ? 1 : *pc == ']' ? -1 : 0;
                }
            }
        }
    out[written] = 0;
    out_text(out);
}

/* A puzzle of nine times nine, with sets of bits. */
static int solve(u8 *grid, int at)
{
    while (at < 81 && grid[at])
        at++;
    if (at == 81)
        return 1;
    u32 taken = 0;
    for (int i = 0; i < 9; i++)
        taken |= 1u << grid[at / 9 * 9 + i] | 1u << grid[i * 9 + at % 9] | 1u << grid[at / 27 * 27 + at % 9 / 3 * 3 + i / 3 * 9 + i % 3];
    for (u32 free = ~taken & 0x3fe; free; free &= free - 1) {
        grid[at] = (u8)__builtin_ctz(free);
        if (solve(grid, at + 1))
            return 1;
    }
    grid[at] = 0;
    return 0;
}

TEST(puzzle)
{
    u8 grid[82];
    const char *givens = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79";
    for (int i = 0; i < 81; i++)
        grid[i] = givens[i] == '.' ? 0 : (u8)(givens[i] - '0');
    OUT(solve(grid, 0));
    for (int i = 0; i < 81; i++)
        grid[i] += '0';
    grid[81] = 0;
    out_text((char *)grid);
}

TEST(sieve)
{
    static u8 composite[5000];
    int count = 0;
    for (int n = 2; n < 5000; n++) {
        if (composite[n])
            continue;
        count++;
        for (int k = n * n; k < 5000; k += n)
            composite[k] = 1;
    }
    OUT(count);
    out_bytes(composite, sizeof composite);
}

static void permute(char *text, int at, int length, u64 *hash)
{
    if (at == length) {
        for (int i = 0; i < length; i++)
            *hash = *hash * 131 + (u8)text[i];
        return;
    }
    for (int i = at; i < length; i++) {
        char t = text[at];
        text[at] = text[i];
        text[i] = t;
        permute(text, at + 1, length, hash);
        text[i] = text[at];
        text[at] = t;
    }
}

TEST(permutations)
{
    char text[] = "abcdef";
    u64 hash = 7;
    permute(text, 0, 6, &hash);
    OUT(hash);
    out_text(text);
}

/* Days from a date and back, also before the year 0. */
static i64 days_of(i64 year, int month, int day)
{
    year -= month <= 2;
    i64 era = (year >= 0 ? year : year - 399) / 400;
    u32 of_era = (u32)(year - era * 400), of_year = (153u * (u32)(month + (month > 2 ? -3 : 9)) + 2) / 5 + (u32)day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

TEST(calendar)
{
    static const int dates[][3] = {{1970, 1, 1}, {2000, 2, 29}, {1900, 3, 1}, {-1, 12, 31}, {0, 2, 29}, {9999, 12, 31}, {-4713, 11, 24}};
    for (size_t i = 0; i < COUNT(dates); i++)
        OUT(days_of(dates[i][0], dates[i][1], dates[i][2]));
}

TEST(integer_matrix)
{
    enum { N = 17 };
    static u32 a[N][N], b[N][N], c[N][N];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) {
            a[i][k] = (u32)(i * 31 + k);
            b[i][k] = (u32)(i ^ k * 7);
        }
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++) {
                u32 sum = 0;
                for (int j = 0; j < N; j++)
                    sum += a[i][j] * b[j][k];
                c[i][k] = sum;
            }
        memcpy(a, c, sizeof a);
    }
    out_bytes(c, sizeof c);
}

/* A tiny formatter of its own, as embedded programs have one. */
static char *put_number(char *to, u64 value, unsigned base, int width, char pad)
{
    char digits[24];
    int count = 0;
    do
        digits[count++] = "0123456789abcdef"[value % base];
    while (value /= base);
    while (width-- > count)
        *to++ = pad;
    while (count)
        *to++ = digits[--count];
    return to;
}

static void format(char *to, const char *text, ...)
{
    __builtin_va_list list;
    __builtin_va_start(list, text);
    for (; *text; text++) {
        if (*text != '%') {
            *to++ = *text;
            continue;
        }
        char pad = ' ';
        int width = 0;
        if (*++text == '0')
            pad = *text++;
        while (*text >= '0' && *text <= '9')
            width = width * 10 + *text++ - '0';
        switch (*text) {
        case 'd': {
            int n = __builtin_va_arg(list, int);
            if (n < 0)
                *to++ = '-';
            to = put_number(to, n < 0 ? -(u64)n : (u64)n, 10, width, pad);
            break;
        }
        case 'x': to = put_number(to, __builtin_va_arg(list, u64), 16, width, pad); break;
        case 's':
            for (const char *it = __builtin_va_arg(list, const char *); *it;)
                *to++ = *it++;
            break;
        case 'c': *to++ = (char)__builtin_va_arg(list, int); break;
        default: *to++ = *text;
        }
    }
    *to = 0;
    __builtin_va_end(list);
}

TEST(own_formatter)
{
    char room[120];
    format(room, "%d|%5d|%05d|%x|%016x|%s|%c|%%|%d", IN(int, 42), IN(int, -7), IN(int, 123), IN(u64, 0xdeadbeefcafe), 255ul, "text", 'c', IN(int, (int)0x80000000));
    out_text(room);
}

int main(void)
{
    RUN(patterns);
    RUN(nested_text);
    RUN(long_numbers);
    RUN(hash_table);
    RUN(balanced_tree);
    RUN(sorting);
    RUN(edit_distance);
    RUN(shortest_ways);
    RUN(tape_machine);
    RUN(puzzle);
    RUN(sieve);
    RUN(permutations);
    RUN(calendar);
    RUN(integer_matrix);
    RUN(own_formatter);
    return 0;
}
