#include "probe/pin.h"

#include <string.h>
#include <strings.h>

#include "base/bytes.h"

static bool take_host(struct bytes *rest, struct bytes *ret_host)
{
	const char *end = rest->length && rest->data[0] == '[' ?
				  memchr(rest->data, ']', rest->length) :
				  rest->data;
	struct bytes from = { end, rest->length - (size_t)(end ? end - rest->data : 0) };
	struct bytes head;

	if (!end || !bytes_take_until(&from, ':', &head))
		return false;
	*ret_host = (struct bytes){ rest->data, (size_t)(from.data - 1 - rest->data) };
	*rest = from;
	return true;
}

static bool equal_ignoring_case(struct bytes bytes, const char *string)
{
	return bytes.length == strlen(string) && !strncasecmp(bytes.data, string, bytes.length);
}

static void append_addresses(struct bytes addresses, struct text *into)
{
	for (size_t i = 0; i < addresses.length; i++) {
		if (!strchr("[] ", addresses.data[i]))
			text_append_char(into, addresses.data[i]);
	}
}

bool pin_find(const struct string_list *pins, const char *host, const char *port,
	      struct text *into)
{
	for (size_t i = 0; i < pins->count; i++) {
		struct bytes rest = bytes_from_string(pins->items[i]), name, number;

		if (!take_host(&rest, &name) || !bytes_take_until(&rest, ':', &number) ||
		    !bytes_equal(number, port))
			continue;
		if (!bytes_equal(name, "*") && !equal_ignoring_case(name, host))
			continue;
		append_addresses(rest, into);
		return true;
	}
	return false;
}
