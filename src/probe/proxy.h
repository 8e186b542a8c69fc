/* Through which proxy a request goes, as Prometheus' programs, and Go, decide it. */
#pragma once

#include "base/text.h"
#include "config/module.h"

/*
 * Appends the URL of the proxy for a server, whose `host` is as in its URL. False: none. The
 * environment counts only when the module says so.
 */
bool proxy_choose(const struct http_module *http, const char *scheme, const char *host,
		  const char *port, struct text *into);

/* Whether `no_proxy`, a list with commas, exempts the server. */
bool proxy_is_exempt(const char *no_proxy, const char *host, const char *port);
