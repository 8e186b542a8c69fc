/* What the certificates say that a server shows, in the words of probe_tls_report. */
#pragma once

#include "base/arena.h"
#include "model/probe_report.h"

struct x509_st; /* OpenSSL's X509 */
struct stack_st_X509;

/* When the first of them expires, in seconds since 1970; NAN: none has a time. */
double certificate_earliest_expiry(struct stack_st_X509 *certificates);

/* Of the server's own, and of all it showed; strings are the arena's, and bounded. */
void certificate_describe(const struct x509_st *own, struct stack_st_X509 *shown,
			  struct arena *arena, struct probe_tls_report *into);
