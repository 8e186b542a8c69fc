/*
 * What is asked of a server, as the module has it: nothing of libcurl. Files and variables are
 * read when it is built.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"

/* Where it goes. */
struct request_aim {
	const char *method; /* which redirects may have changed */
	bool drops_body; /* a redirect does, and what is said of it */
	bool is_own_server; /* the one that the probe's URL names, which may know its secrets */
	const char *user, *password; /* of the probe's URL; NULL: none */
};

struct request {
	struct arena arena; /* of all of it */
	const char *method;
	const char **lines; /* "Name: value"; "Name;": an empty one; "Name:": not to be sent */
	size_t line_count;
	const char *body; /* NULL: none */
	size_t body_length;
	const char *user, *password; /* of basic authentication; NULL: none */
};

/*
 * The request of `probe`. 0, or -errno with what could not be read, or cannot be sent; then
 * there is nothing to be freed.
 */
int request_build(const struct probe_config *probe, const struct request_aim *aim,
		  struct request *ret_request, struct error *err) MUST_CHECK;
void request_deinit(struct request *request); /* a request of all zeroes is valid */

/* Headers for a proxy, in the form of request.lines. As above. */
int request_build_lines(const struct header_config *headers, size_t count,
			struct request *ret_request, struct error *err) MUST_CHECK;

/* The host that the probe calls its server, whatever the URL says; NULL: what the URL says. */
const char *request_host(const struct probe_config *probe);
