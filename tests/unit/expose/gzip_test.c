/* What gzip makes is read back with zlib's own reader. */
#include "expose/gzip.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/memory.h"
#include "test.h"

static void check_round_trip(const char *data, size_t length)
{
	CLEANUP(text_deinit) struct text packed = { 0 };
	CLEANUP(memory_free_pointer) char *back = memory_new(length + 1, 1);
	z_stream stream = { .avail_out = (uInt)(length + 1), .next_out = (Bytef *)back };

	gzip_append(&packed, data, length);
	CHECK(packed.length >= 18 && packed.length <= length + length / 1000 + 100);
	CHECK_EQ_MEM(packed.data, "\x1f\x8b\x08", 3);
	CHECK_EQ_INT(packed.data[packed.length], '\0');
	stream.next_in = (Bytef *)packed.data;
	stream.avail_in = (uInt)packed.length;
	REQUIRE(inflateInit2(&stream, 16 + 15) == Z_OK);
	CHECK_EQ_INT(inflate(&stream, Z_FINISH), Z_STREAM_END);
	CHECK_EQ_U64(stream.total_out, length);
	CHECK_EQ_U64(stream.avail_in, 0);
	CHECK_EQ_MEM(back, data, length);
	inflateEnd(&stream);
}

TEST(packs_nothing)
{
	check_round_trip("", 0);
}

TEST(packs_a_line)
{
	check_round_trip("outbound_target_up{target=\"a\"} 1\n", 33);
}

TEST(packs_what_repeats)
{
	CLEANUP(text_deinit) struct text page = { 0 };
	CLEANUP(text_deinit) struct text packed = { 0 };

	for (unsigned i = 0; i < 20000; i++)
		text_printf(&page, "outbound_connections{target=\"a\",destination=\"d%u\"} 1\n",
			    i);
	check_round_trip(page.data, page.length);
	gzip_append(&packed, page.data, page.length);
	CHECK(packed.length < page.length / 4);
}

TEST(packs_noise)
{
	CLEANUP(text_deinit) struct text noise = { 0 };
	uint64_t state = 88172645463325252U;

	for (size_t i = 0; i < 1000000; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		text_append_char(&noise, (char)state);
	}
	check_round_trip(noise.data, noise.length);
}

TEST(appends)
{
	CLEANUP(text_deinit) struct text packed = { 0 };

	text_append_string(&packed, "before");
	gzip_append(&packed, "x", 1);
	CHECK_EQ_MEM(packed.data, "before\x1f\x8b", 8);
}

TEST_MAIN()
