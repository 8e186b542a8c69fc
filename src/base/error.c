#include "base/error.h"

void error_deinit(struct error *err)
{
	text_deinit(&err->text);
}

void error_clear(struct error *err)
{
	text_clear(&err->text);
}

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list arguments;

	if (err->text.length)
		text_append_char(&err->text, '\n');
	va_start(arguments, format);
	text_vprintf(&err->text, format, arguments);
	va_end(arguments);
	return code;
}

const char *error_string(const struct error *err)
{
	return text_string(&err->text);
}
