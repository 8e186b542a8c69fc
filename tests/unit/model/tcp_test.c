#include "model/tcp.h"

#include <netinet/tcp.h>

#include "test.h"

/* The kernel's numbers, as its header for programs has them. */
TEST(numbers_are_the_kernels)
{
	CHECK_EQ_INT(TCP_STATE_ESTABLISHED, TCP_ESTABLISHED);
	CHECK_EQ_INT(TCP_STATE_SYN_SENT, TCP_SYN_SENT);
	CHECK_EQ_INT(TCP_STATE_SYN_RECV, TCP_SYN_RECV);
	CHECK_EQ_INT(TCP_STATE_FIN_WAIT1, TCP_FIN_WAIT1);
	CHECK_EQ_INT(TCP_STATE_FIN_WAIT2, TCP_FIN_WAIT2);
	CHECK_EQ_INT(TCP_STATE_TIME_WAIT, TCP_TIME_WAIT);
	CHECK_EQ_INT(TCP_STATE_CLOSE, TCP_CLOSE);
	CHECK_EQ_INT(TCP_STATE_CLOSE_WAIT, TCP_CLOSE_WAIT);
	CHECK_EQ_INT(TCP_STATE_LAST_ACK, TCP_LAST_ACK);
	CHECK_EQ_INT(TCP_STATE_LISTEN, TCP_LISTEN);
	CHECK_EQ_INT(TCP_STATE_CLOSING, TCP_CLOSING);
	CHECK_EQ_INT(TCP_STATE_NEW_SYN_RECV, TCP_CLOSING + 1);
}

TEST(names)
{
	CHECK_EQ_STR(tcp_state_name(TCP_STATE_ESTABLISHED), "established");
	CHECK_EQ_STR(tcp_state_name(TCP_STATE_FIN_WAIT1), "fin_wait1");
	CHECK_EQ_STR(tcp_state_name(TCP_STATE_TIME_WAIT), "time_wait");
	CHECK_EQ_STR(tcp_state_name(TCP_STATE_CLOSE), "close");
	CHECK_EQ_STR(tcp_state_name(TCP_STATE_CLOSE_WAIT), "close_wait");
	CHECK_EQ_STR(tcp_state_name(TCP_STATE_CLOSING), "closing");
	for (unsigned state = 1; state < TCP_STATE_COUNT; state++)
		CHECK(tcp_state_name(state) != NULL);
}

TEST(no_state_has_no_name)
{
	CHECK_EQ_STR(tcp_state_name(0), NULL);
	CHECK_EQ_STR(tcp_state_name(TCP_STATE_COUNT), NULL);
	CHECK_EQ_STR(tcp_state_name((enum tcp_state)255), NULL);
}

TEST(states_of_an_outbound_connection)
{
	unsigned outbound = 0;

	for (unsigned state = 0; state < 20; state++)
		outbound += tcp_state_is_outbound(state);
	CHECK_EQ_INT(outbound, 9);
	CHECK(tcp_state_is_outbound(TCP_STATE_SYN_SENT));
	CHECK(tcp_state_is_outbound(TCP_STATE_CLOSE));
	CHECK(!tcp_state_is_outbound(TCP_STATE_LISTEN));
	CHECK(!tcp_state_is_outbound(TCP_STATE_SYN_RECV));
	CHECK(!tcp_state_is_outbound(TCP_STATE_NEW_SYN_RECV));
}

TEST_MAIN()
