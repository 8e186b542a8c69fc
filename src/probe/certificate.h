/* The dates of a certificate, as libcurl's OpenSSL back end prints them. */
#pragma once

#include "base/bytes.h"

/*
 * "Nov 25 18:15:29 2026 GMT" (ASN1_TIME_print(3)) → seconds since 1970. False for anything
 * else.
 */
bool certificate_parse_time(struct bytes text, double *ret_time) MUST_CHECK;
