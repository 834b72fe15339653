/* Prints the same with each C library. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

/* The compiler must not know them. */
static volatile double two = 2, third = 1.0 / 3;
static volatile size_t much = (size_t)1 << 62;
static void *volatile block;

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void texts(void)
{
	char word[20] = "", *rest, line[] = "one,two;;three";
	long hexadecimal = strtol("-0x7fz", &rest, 16);
	int number = 0;
	double real = 0;
	printf("%5.2f|%-6d|%+08ld|%a|%e|%Lg|%zu|%c|%#x|%hhd\n", 3.14159, 42, 123456L, third, 1e-300, 2.5L, sizeof line, 'x', 255, 511);
	printf("%ld%s %" PRIu64 " %.17g %d\n", hexadecimal, rest, strtoull("18446744073709551615", 0, 10), strtod("1.25e-3", 0), atoi("  17"));
	number = sscanf("12 3.5 word", "%d %lf %19s", &number, &real, word) * 100 + number;
	printf("%d %g %s\n", number, real, word);
	for (char *part = strtok(line, ",;"); part; part = strtok(0, ",;"))
		printf("[%s]", part);
	printf("%s %zu %d\n", strstr("haystack", "st"), strspn("aabbc", "ab"), memcmp("abc", "abd", 3) < 0);
	printf("%ls %zu %d\n", L"wide", wcslen(L"four"), wcscmp(L"a", L"b") < 0);
}

static void numbers(void)
{
	int values[12] = {5, 3, 9, -2, 7, 1, 0, 4, 11, -8, 6, 2};
	qsort(values, 12, sizeof *values, by_value);
	for (int i = 0; i < 12; i++)
		printf("%d ", values[i]);
	/* As many digits as two libraries agree on. */
	printf("\n%.12g %.12g %.12g %.12g %.12g\n", pow(two, third), exp(two), log(third), sin(two), tgamma(two + third));
	printf("%.17g %.17g %.17g %d\n", sqrt(two), fmod(10, third), floor(-third), (int)lround(two + 0.5));
}

static void memory(void)
{
	unsigned char *blocks[200];
	unsigned long sum = 0;
	for (size_t i = 0; i < 200; i++) {
		blocks[i] = malloc(i * i * 5 + 1);
		memset(blocks[i], (int)i, i * i * 5 + 1);
	}
	for (size_t i = 0; i < 200; i += 2)
		free(blocks[i]);
	for (size_t i = 1; i < 200; i += 2) {
		blocks[i] = realloc(blocks[i], i * i * 9 + 1);
		for (size_t k = 0; k <= i * i * 5; k++)
			sum += blocks[i][k] == i;
		free(blocks[i]);
	}
	block = calloc(1000, 1000);
	for (size_t k = 0; k < 1000000; k++)
		sum += !((char *)block)[k];
	free(block);
	errno = 0;
	block = malloc(much);
	printf("%lu %d %d\n", sum, block == 0, errno == ENOMEM);
}

static int files(const char *path)
{
	char line[100];
	FILE *file = fopen(path, "w+");
	if (!file)
		return 1;
	for (int i = 0; i < 1000; i++)
		fprintf(file, "line %d\n", i);
	fseek(file, -9, SEEK_END);
	while (fgets(line, sizeof line, file))
		printf("%ld: %s", ftell(file), line);
	fclose(file);
	errno = 0;
	file = fopen("/nowhere/at/all", "r");
	printf("%d %d %d\n", file == 0, errno == ENOENT, strlen(strerror(ENOENT)) > 5);
	return 0;
}

int main(int argc, char **argv)
{
	texts();
	block = malloc(two);
	if (argc < 2)
		return 7;
	numbers();
	memory();
	printf("%d %d\n", files(argv[1]), time(0) > 1600000000);
	fprintf(stderr, "the end\n");
	return 7;
}
