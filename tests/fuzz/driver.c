/*
 * Stands in for libFuzzer in the normal test run: feeds every file of a folder, and its first
 * prefixes, to the fuzz target. driver FOLDER: exits 1 when there was no input.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a heap block of its very size, so that ASan sees the first byte read beyond it. */
static void feed(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	for (size_t i = 0; i < size; i++)
		copy[i] = data[i];
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int feed_file(const char *folder, const char *name)
{
	static uint8_t data[1 << 20];
	char path[4096];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return 1;
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	for (size_t prefix = 0; prefix < size && prefix < 64; prefix++)
		feed(data, prefix);
	feed(data, size);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned count = 0, failed = 0;
	struct dirent **names;
	int found;

	if (argc != 2)
		return 2;
	found = scandir(argv[1], &names, NULL, alphasort);
	if (found < 0) {
		perror(argv[1]);
		return 1;
	}
	for (int i = 0; i < found; i++) {
		if (names[i]->d_name[0] != '.') {
			failed += (unsigned)feed_file(argv[1], names[i]->d_name);
			count++;
		}
		free(names[i]);
	}
	free(names);
	printf("%u inputs\n", count);
	return failed > 0 || count == 0;
}
