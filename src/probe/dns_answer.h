/*
 * A name server's answer (RFC 1035, section 4) to one question for addresses. Whatever it says,
 * reading it takes no longer than its length.
 */
#pragma once

#include "base/address.h"
#include "base/bytes.h"

enum dns_answer {
	DNS_ANSWER_FOUND,
	DNS_ANSWER_NOT_FOUND, /* no such name, or no address of this family */
	DNS_ANSWER_FAILED, /* the server cannot tell, or what it says is malformed */
};

/*
 * Appends the addresses of the family (AF_INET, AF_INET6), through aliases, up to `max` in all;
 * more are left out.
 */
enum dns_answer dns_answer_read(struct bytes message, int family, struct address *addresses,
				size_t max, size_t *count);
