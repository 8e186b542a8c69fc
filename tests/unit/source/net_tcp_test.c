#include "source/net_tcp.h"

#include <errno.h>

#include "source/procfs.h"
#include "test.h"
#include "tree_proc.h"

#define HEADING                                                                        \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt " \
	"  uid  timeout inode"

static bool parse(const char *line, struct socket_row *ret_row)
{
	return net_tcp_parse(bytes_from_string(line), ret_row);
}

static void check_endpoint(const struct endpoint *endpoint, const char *expected)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	endpoint_write(endpoint, &text);
	CHECK_EQ_STR(text_string(&text), expected);
}

TEST(a_line_of_tcp)
{
	struct socket_row row;

	REQUIRE(parse("   1: 0100007F:1F90 0500000A:01BB 01 0000000A:00000400 02:000006D6 "
		      "00000000  1000        0 4711 2 0000000000000000 20 4 30 10 -1",
		      &row));
	check_endpoint(&row.local, "127.0.0.1:8080");
	check_endpoint(&row.remote, "10.0.0.5:443");
	CHECK_EQ_INT(row.state, TCP_STATE_ESTABLISHED);
	CHECK_EQ_INT(row.send_queue, 10);
	CHECK_EQ_INT(row.receive_queue, 1024);
	CHECK_EQ_U64(row.inode, 4711);
}

TEST(a_line_of_tcp6)
{
	struct socket_row row;

	REQUIRE(parse(" 123: B80D0120000000000000000001000000:A000 "
		      "B80D0120000000000000000002000000:0050 08 00000000:00000001 00:00000000 "
		      "00000000     0        0 4294967295 1 0000000000000000 20 4 0 10 -1",
		      &row));
	check_endpoint(&row.local, "[2001:db8::1]:40960");
	check_endpoint(&row.remote, "[2001:db8::2]:80");
	CHECK_EQ_INT(row.state, TCP_STATE_CLOSE_WAIT);
	CHECK_EQ_U64(row.inode, 4294967295);
}

TEST(ipv4_mapped_is_ipv4)
{
	struct socket_row row;

	REQUIRE(parse("   0: 0000000000000000FFFF00000100007F:9C40 "
		      "0000000000000000FFFF00000500000A:01BB 01 00000000:00000000 00:00000000 "
		      "00000000     0        0 12 1 0000000000000000 20 4 0 10 -1",
		      &row));
	check_endpoint(&row.local, "127.0.0.1:40000");
	check_endpoint(&row.remote, "10.0.0.5:443");
	CHECK(address_is_ipv4(&row.remote.address));
}

/* get_timewait4_sock() ends after the inode's 0 and a few numbers; it has no owner. */
TEST(a_line_of_time_wait)
{
	struct socket_row row;

	REQUIRE(parse("   7: 0100007F:9C40 0100007F:1F90 06 00000000:00000000 03:00001763 "
		      "00000000     0        0 0 3 0000000000000000                      ",
		      &row));
	CHECK_EQ_INT(row.state, TCP_STATE_TIME_WAIT);
	CHECK_EQ_U64(row.inode, 0);
}

TEST(every_state)
{
	for (unsigned state = 1; state <= 12; state++) {
		CLEANUP(text_deinit) struct text line = { 0 };
		struct socket_row row;

		text_printf(&line,
			    "0: 0100007F:1F90 0500000A:01BB %02X 00000000:00000000 "
			    "00:00000000 00000000 0 0 1 1",
			    state);
		REQUIRE(parse(text_string(&line), &row));
		CHECK_EQ_INT(row.state, state);
	}
}

TEST(the_largest_numbers)
{
	struct socket_row row;

	REQUIRE(parse("99999: FFFFFFFF:FFFF FFFFFFFF:FFFF 01 FFFFFFFF:FFFFFFFF 00:00000000 "
		      "00000000 4294967294 0 18446744073709551615 1",
		      &row));
	check_endpoint(&row.remote, "255.255.255.255:65535");
	CHECK_EQ_U64(row.send_queue, UINT32_MAX);
	CHECK_EQ_U64(row.receive_queue, UINT32_MAX);
	CHECK_EQ_U64(row.inode, UINT64_MAX);
}

TEST(the_timer_that_runs)
{
	struct socket_row row;

	REQUIRE(parse("1: 0100007F:9C40 0100007F:1F90 02 00000001:00000000 01:0000001A "
		      "00000003 0 0 12 2",
		      &row));
	CHECK_EQ_INT(row.timer, SOCKET_TIMER_RETRANSMIT);
	CHECK_EQ_INT(row.backoff, 3);
	REQUIRE(parse("1: 0100007F:9C40 0100007F:1F90 01 00000001:00000000 04:0000001A "
		      "00000FFF 0 0 12 2",
		      &row));
	CHECK_EQ_INT(row.timer, SOCKET_TIMER_PROBE);
	CHECK_EQ_INT(row.backoff, 255);
	CHECK(!parse("1: 0100007F:9C40 0100007F:1F90 01 00000001:00000000 05:0000001A "
		     "00000FFF 0 0 12 2",
		     &row));
	CHECK(!parse("1: 0100007F:9C40 0100007F:1F90 01 00000001:00000000 0000001A 0 0 0 12 2",
		     &row));
}

/* All but one thing is right in each of these. */
TEST(refuses_what_is_no_line)
{
	static const char *const wrong[] = {
		"",
		" ",
		HEADING,
		"  sl  local_address                         remote_address",
		"garbage",
		"0: 0100007F:1F90 0500000A:01BB 01 0:0 00:0 0 0 0",
		"0: 0100007F:1F90 0500000A:01BB 01 0:0 00:0 0 0 0 x",
		"0: 0100007F:1F90 0500000A:01BB 01 0:0 00:0 0 0 0 -1",
		"0: 0100007F:1F90 0500000A:01BB 01 0:0 00:0 0 0 0 18446744073709551616",
		"0: 0100007F:1F90 0500000A:01BB 00 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 0500000A:01BB 0D 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 0500000A:01BB FFFFFFFFFFFFFFFFF 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 0500000A:10000 01 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 0500000A: 01 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 0500000A 01 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 050000A:01BB 01 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 0500000AA:01BB 01 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 0500000G:01BB 01 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 0000000000000000FFFF00000500000:01BB 01 0:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 0500000A:01BB 01 0 00:0 0 0 0 1",
		"0: 0100007F:1F90 0500000A:01BB 01 000000000:0 00:0 0 0 0 1",
		"0: 0100007F:1F90 0500000A:01BB 01 0:100000000 00:0 0 0 0 1",
		"0100007F:1F90 0500000A:01BB 01 0:0 00:0 0 0 0 1",
	};
	struct socket_row row = { .inode = 77 };

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		if (parse(wrong[i], &row))
			CHECK_EQ_STR(wrong[i], "refused");
	}
	CHECK_EQ_U64(row.inode, 77);
}

static void release(struct socket_rows *rows)
{
	socket_rows_deinit(rows);
}

static const struct tree_row ipv4 = { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED,
				      11,	  0,	 0 };
static const struct tree_row ipv6 = {
	"2001:db8::1", 40000, "2001:db8::5", 443, TCP_STATE_ESTABLISHED, 12, 0, 0
};

static void write_table(const struct tree *tree, const char *name, const struct tree_row *row,
			unsigned count)
{
	CLEANUP(text_deinit) struct text table = { 0 };
	struct tree_row copy = *row;

	text_append_string(&table, HEADING "\n");
	for (unsigned i = 0; i < count; i++) {
		copy.local_port = 1 + i;
		tree_append_row(&table, &copy);
	}
	tree_write(tree, name, text_string(&table));
}

static void append(void *context, const struct socket_row *row)
{
	socket_rows_append(context, row);
}

static int read_rows(int directory, struct socket_rows *rows)
{
	return net_tcp_read(directory, &(struct socket_visitor){ append, rows });
}

TEST(reads_both_tables)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(release) struct socket_rows rows = { 0 };

	tree_init(&tree);
	write_table(&tree, "net/tcp", &ipv4, 2);
	write_table(&tree, "net/tcp6", &ipv6, 1);
	REQUIRE(!read_rows(tree.directory, &rows));
	CHECK_EQ_INT(rows.count, 3);
	check_endpoint(&rows.items[1].local, "10.0.0.1:2");
	check_endpoint(&rows.items[2].remote, "[2001:db8::5]:443");
	REQUIRE(!read_rows(tree.directory, &rows));
	CHECK_EQ_INT(rows.count, 6);
}

TEST(lines_may_straddle_reads)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(release) struct socket_rows rows = { 0 };
	unsigned wrong = 0;

	tree_init(&tree);
	write_table(&tree, "net/tcp", &ipv4, 5000);
	REQUIRE(!read_rows(tree.directory, &rows));
	REQUIRE(rows.count == 5000);
	for (unsigned i = 0; i < 5000; i++)
		wrong += rows.items[i].local.port != i + 1 || rows.items[i].inode != 11;
	CHECK_EQ_INT(wrong, 0);
}

TEST(garbage_between_rows_is_skipped)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(release) struct socket_rows rows = { 0 };
	CLEANUP(text_deinit) struct text table = { 0 };

	tree_init(&tree);
	text_append_string(&table, "no heading\n\n");
	tree_append_row(&table, &ipv4);
	text_append(&table, "\0\xff\n", 3);
	tree_append_row(&table, &ipv6);
	text_append_string(&table, "a line that was cut off: 0100007F:1F90 0500");
	tree_write_bytes(&tree, "net/tcp", table.data, table.length);
	REQUIRE(!read_rows(tree.directory, &rows));
	CHECK_EQ_INT(rows.count, 2);
}

TEST(without_tables_the_process_is_gone)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(release) struct socket_rows rows = { 0 };

	tree_init(&tree);
	CHECK_EQ_INT(read_rows(tree.directory, &rows), PID_GONE);
	tree_write(&tree, "net/tcp/x", "");
	CHECK_EQ_INT(read_rows(tree.directory, &rows), -EISDIR);
	tree_remove(&tree, "net/tcp");
	write_table(&tree, "net/tcp", &ipv4, 1);
	tree_write(&tree, "net/tcp6/x", "");
	CHECK_EQ_INT(read_rows(tree.directory, &rows), -EISDIR);
}

TEST(an_ended_process_has_no_tables)
{
	CLEANUP(file_close) int directory = tree_open_ended_process();
	struct socket_rows rows = { 0 };

	CHECK_EQ_INT(read_rows(directory, &rows), PID_GONE);
}

/* This machine's own: every line but the two headings is understood. */
TEST(reads_the_real_one)
{
	CLEANUP(release) struct socket_rows rows = { 0 };
	CLEANUP(text_deinit) struct text text = { 0 };
	CLEANUP(file_close) int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct bytes rest, line;
	struct socket_row row;
	unsigned refused = 0;

	REQUIRE(self >= 0);
	REQUIRE(!file_read(self, "net/tcp", 1 << 24, &text));
	rest = (struct bytes){ text_string(&text), text.length };
	REQUIRE(bytes_take_line(&rest, &line));
	CHECK(!net_tcp_parse(line, &row));
	while (bytes_take_line(&rest, &line))
		refused += !net_tcp_parse(line, &row);
	CHECK_EQ_INT(refused, 0);
	CHECK_EQ_INT(read_rows(self, &rows), 0);
}

TEST_MAIN()
