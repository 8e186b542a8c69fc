/*
 * Go's package crypto/x509/pkix knows nine types of attributes by name. It writes those in an
 * order of its own, the values of one type joined by "+", and the last common name and serial
 * number alone; then, the last one first, whatever else there is, by number and with its value
 * in DER: Go's encoding/asn1 makes a PrintableString of it when that can hold it, else a
 * UTF8String. Characters are escaped as in RFC 4514.
 */
#include "probe/pkix.h"

#include <string.h>

#include "base/utf8.h"

#define TAG_UTF8_STRING 0x0c
#define TAG_PRINTABLE_STRING 0x13

static const struct {
	const char *type, *name;
	bool last_only;
} known[] = {
	{ "2.5.4.5", "SERIALNUMBER", true }, { "2.5.4.3", "CN", true },
	{ "2.5.4.11", "OU", false },	     { "2.5.4.10", "O", false },
	{ "2.5.4.17", "POSTALCODE", false }, { "2.5.4.9", "STREET", false },
	{ "2.5.4.7", "L", false },	     { "2.5.4.8", "ST", false },
	{ "2.5.4.6", "C", false },
};

static bool is_known(const char *type)
{
	for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
		if (!strcmp(type, known[i].type))
			return true;
	}
	return false;
}

static bool is_escaped(struct bytes value, size_t at)
{
	char c = value.data[at];

	if (c == ' ')
		return at == 0 || at == value.length - 1;
	return c && (strchr(",+\"\\<>;", c) || (c == '#' && at == 0));
}

static void write_escaped(struct bytes value, struct text *text)
{
	for (size_t i = 0; i < value.length; i++) {
		if (is_escaped(value, i))
			text_append_char(text, '\\');
		text_append_char(text, value.data[i]);
	}
}

static bool is_printable(struct bytes value)
{
	for (size_t i = 0; i < value.length; i++) {
		char c = value.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || (c && strchr("'() +,-./:=?", c))))
			return false;
	}
	return true;
}

static void write_length(size_t length, struct text *text)
{
	if (length < 0x80)
		text_printf(text, "%02zx", length);
	else if (length <= 0xff)
		text_printf(text, "81%02zx", length);
	else
		text_printf(text, "82%04zx", length & 0xffff);
}

static void write_der(struct bytes value, struct text *text)
{
	unsigned tag = is_printable(value) ? TAG_PRINTABLE_STRING : TAG_UTF8_STRING;

	text_printf(text, "#%02x", tag);
	write_length(value.length, text);
	for (size_t i = 0; i < value.length; i++)
		text_printf(text, "%02x", (unsigned char)value.data[i]);
}

static void begin_part(struct text *text, size_t start, char separator)
{
	if (text->length > start)
		text_append_char(text, separator);
}

static void write_known(const struct pkix_attribute *attributes, size_t count, size_t which,
			struct text *text, size_t start)
{
	const struct pkix_attribute *last = NULL;
	bool begun = false;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(attributes[i].type, known[which].type) != 0)
			continue;
		last = &attributes[i];
		if (known[which].last_only)
			continue;
		begin_part(text, start, begun ? '+' : ',');
		text_printf(text, "%s=", known[which].name);
		write_escaped(last->value, text);
		begun = true;
	}
	if (!last || begun || !last->value.length)
		return;
	begin_part(text, start, ',');
	text_printf(text, "%s=", known[which].name);
	write_escaped(last->value, text);
}

static void write_other(const struct pkix_attribute *attribute, struct text *text)
{
	text_printf(text, "%s=", attribute->type);
	if (utf8_is_valid(attribute->value.data, attribute->value.length))
		write_der(attribute->value, text);
	else
		write_escaped(attribute->value, text);
}

static void write_all(const struct pkix_attribute *attributes, size_t count, struct text *text)
{
	for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
		write_known(attributes, count, i, text, 0);
	for (size_t i = count; i-- > 0;) {
		if (is_known(attributes[i].type))
			continue;
		begin_part(text, 0, ',');
		write_other(&attributes[i], text);
	}
}

void pkix_write_text(struct bytes bytes, struct text *text)
{
	if (bytes.length > PKIX_TEXT_MAX)
		bytes.length = PKIX_TEXT_MAX;
	while (bytes.length) {
		const char *nul = memchr(bytes.data, 0, bytes.length);
		size_t length = nul ? (size_t)(nul - bytes.data) : bytes.length;

		utf8_repair(text, bytes.data, length);
		if (nul)
			text_append_string(text, UTF8_REPLACEMENT);
		length += nul != NULL;
		bytes.data += length;
		bytes.length -= length;
	}
}

void pkix_write_name(const struct pkix_attribute *attributes, size_t count, struct text *text)
{
	CLEANUP(text_deinit) struct text whole = { 0 };

	write_all(attributes, count, &whole);
	pkix_write_text((struct bytes){ text_string(&whole), whole.length }, text);
}
