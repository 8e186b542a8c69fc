/*
 * Read by ourselves, for c-ares 1.18 spends the square of an answer's length on it: compressed
 * names may lead through all of a message each (RFC 1035, 4.1.4), 64 kB of them.
 *
 * Aliases are expected before what they lead to, as glibc does (nss_dns): so one pass is
 * enough, and a loop of them ends with the message.
 */
#include "probe/dns_answer.h"

#include <arpa/nameser.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER_BYTES 12
#define NAME_MAX_BYTES 255 /* RFC 1035, 2.3.4 */
/* More than any name has labels: some servers point to pointers, none for long. */
#define POINTERS_MAX 128

#define CODE_NOERROR 0
#define CODE_NXDOMAIN 3

/* As in the message: labels with their lengths, without pointers. */
struct name {
	size_t length;
	uint8_t byte[NAME_MAX_BYTES];
};

struct reader {
	const uint8_t *data;
	size_t length, at;
};

struct record {
	unsigned type, class;
	size_t data, length; /* where its data are */
};

static bool read_u16(struct reader *reader, unsigned *ret_value)
{
	const uint8_t *data = reader->data + reader->at;

	if (reader->length - reader->at < 2)
		return false;
	*ret_value = (unsigned)data[0] << 8 | data[1];
	reader->at += 2;
	return true;
}

static bool skip(struct reader *reader, size_t count)
{
	if (reader->length - reader->at < count)
		return false;
	reader->at += count;
	return true;
}

static bool append_label(struct name *name, const uint8_t *label, size_t length)
{
	if (sizeof(name->byte) - name->length < length)
		return false;
	memcpy(name->byte + name->length, label, length);
	name->length += length;
	return true;
}

/* The name at `at`, which is moved behind it. Pointers lead back only, hence to an end. */
static bool read_name(struct reader *reader, struct name *ret_name)
{
	size_t at = reader->at, limit = reader->length, pointers = 0;

	ret_name->length = 0;
	while (at < limit) {
		unsigned length = reader->data[at];

		if (length >= 0xc0) {
			if (at + 1 >= reader->length || pointers == POINTERS_MAX)
				return false;
			if (!pointers++)
				reader->at = at + 2;
			limit = at;
			at = (length & 0x3f) << 8 | reader->data[at + 1];
			continue;
		}
		if (length > 63 || reader->length - at <= length ||
		    !append_label(ret_name, reader->data + at, length + 1))
			return false;
		at += length + 1;
		if (!length && !pointers)
			reader->at = at;
		if (!length)
			return true;
	}
	return false;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* The lengths of labels are no letters. */
static bool name_equal(const struct name *a, const struct name *b)
{
	size_t i = 0;

	if (a->length != b->length)
		return false;
	while (i < a->length && lower(a->byte[i]) == lower(b->byte[i]))
		i++;
	return i == a->length;
}

static bool read_record(struct reader *reader, struct name *ret_name, struct record *ret_record)
{
	unsigned length;

	if (!read_name(reader, ret_name) || !read_u16(reader, &ret_record->type) ||
	    !read_u16(reader, &ret_record->class) || !skip(reader, 4) ||
	    !read_u16(reader, &length))
		return false;
	ret_record->data = reader->at;
	ret_record->length = length;
	return skip(reader, length);
}

/* Who is asked about from here on; false when the alias is malformed. */
static bool follow(const struct reader *reader, const struct record *record, struct name *name)
{
	struct reader data = *reader;

	data.at = record->data;
	return read_name(&data, name) && data.at == record->data + record->length;
}

static void add(const struct reader *reader, const struct record *record, int family,
		struct address *addresses, size_t max, size_t *count)
{
	const uint8_t *data = reader->data + record->data;
	unsigned type = family == AF_INET ? ns_t_a : ns_t_aaaa;

	if (record->type != type || record->length != (family == AF_INET ? 4 : 16) ||
	    *count >= max)
		return;
	if (family == AF_INET)
		addresses[*count] = address_from_ipv4(data);
	else
		memcpy(addresses[*count].byte, data, sizeof(addresses->byte));
	(*count)++;
}

static enum dns_answer read_records(struct reader *reader, unsigned records, int family,
				    struct address *addresses, size_t max, size_t *count)
{
	size_t before = *count;
	struct name wanted, name;
	struct record record;

	if (!read_name(reader, &wanted) || !skip(reader, 4))
		return DNS_ANSWER_FAILED;
	for (unsigned i = 0; i < records; i++) {
		if (!read_record(reader, &name, &record))
			return DNS_ANSWER_FAILED;
		if (record.class != ns_c_in || !name_equal(&name, &wanted))
			continue;
		if (record.type != ns_t_cname)
			add(reader, &record, family, addresses, max, count);
		else if (!follow(reader, &record, &wanted))
			return DNS_ANSWER_FAILED;
	}
	return *count > before ? DNS_ANSWER_FOUND : DNS_ANSWER_NOT_FOUND;
}

enum dns_answer dns_answer_read(struct bytes message, int family, struct address *addresses,
				size_t max, size_t *count)
{
	struct reader reader = { (const uint8_t *)message.data, message.length, 2 };
	unsigned flags, questions, records;
	size_t before = *count;
	enum dns_answer answer;

	if (message.length < HEADER_BYTES || !read_u16(&reader, &flags) ||
	    !read_u16(&reader, &questions) || !read_u16(&reader, &records))
		return DNS_ANSWER_FAILED;
	if ((flags & 0xf) == CODE_NXDOMAIN)
		return DNS_ANSWER_NOT_FOUND;
	if ((flags & 0xf) != CODE_NOERROR || questions != 1)
		return DNS_ANSWER_FAILED;
	reader.at = HEADER_BYTES;
	answer = read_records(&reader, records, family, addresses, max, count);
	if (answer == DNS_ANSWER_FAILED)
		*count = before;
	return answer;
}
