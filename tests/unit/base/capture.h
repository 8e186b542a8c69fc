/* What is written to stderr between capture_begin() and capture_end(). */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

static FILE *captured;
static int captured_stderr = -1;

static inline void capture_begin(void)
{
	captured = tmpfile();
	captured_stderr = dup(STDERR_FILENO);
	if (!captured || captured_stderr < 0 || dup2(fileno(captured), STDERR_FILENO) < 0)
		abort();
}

static inline void capture_end(char *text, size_t size)
{
	size_t length;

	if (dup2(captured_stderr, STDERR_FILENO) < 0)
		abort();
	file_close(&captured_stderr);
	rewind(captured);
	length = fread(text, 1, size - 1, captured);
	text[length] = '\0';
	fclose(captured);
}
