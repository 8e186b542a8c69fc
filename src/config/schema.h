/*
 * The configuration file as a table: every key that may stand in it, what its value may be, and
 * what it is for. The rows are in schema.c; load.c reads files by them, describe.c prints them.
 */
#pragma once

#include <stdbool.h>

#include "config/config.h"

/* What a value is, and the C type of the field that receives it. */
enum option_type {
	OPTION_BOOL, /* bool */
	OPTION_CHOICE, /* enum: one of `choices` */
	OPTION_COUNT, /* unsigned */
	OPTION_PID, /* pid_t */
	OPTION_PORT, /* uint16_t */
	OPTION_SIZE, /* uint64_t: bytes */
	OPTION_DURATION, /* double: seconds */
	OPTION_NAME, /* const char *: short, and fit to be a label value */
	OPTION_TEMPLATE, /* const char *: a name with process-exporter's variables in it */
	OPTION_STRING, /* const char *: anything but empty */
	OPTION_TEXT, /* const char *: anything; NULL when empty */
	OPTION_BYTES, /* const char *, its length at `count_offset`: may hold NULs, see above */
	OPTION_WORD, /* const char *: one of `choices`; NULL when empty */
	OPTION_PATH, /* const char *: absolute */
	OPTION_FILE, /* const char *: made relative to the file's directory; NULL when empty */
	OPTION_VARIABLE, /* const char *: of the environment */
	OPTION_HOST, /* const char *: host name */
	OPTION_URL, /* const char * */
	OPTION_PROXY, /* const char *: URL of a proxy; NULL when empty */
	OPTION_METHOD, /* const char *: of an HTTP request */
	OPTION_HEADER, /* const char *: name of a header */
	OPTION_VALUE, /* const char *: of a header, may be empty */
	OPTION_LABEL, /* const char *: name of a label */
	OPTION_SOURCE, /* const char *: an IP address; NULL when empty */
	OPTION_REGEX, /* struct regex * */
	OPTION_ADDRESS, /* struct prefix of full length */
	OPTION_NETWORK, /* struct prefix */
	OPTION_ANYTHING, /* no field: whatever stands there is not read */
	OPTION_SECTION, /* the struct of `section`: a mapping, or the option's `word` */
	OPTION_FLAGS, /* bools: one or a list of `choices`, whose values are their offsets */

	/*
	 * Arrays: a pointer to the first of as many elements as `count_offset` says. In the
	 * file an element may stand for a list of one.
	 */
	OPTION_STRINGS, /* const char * */
	OPTION_WORDS, /* const char *: of `choices` */
	OPTION_FILES, /* const char *: as OPTION_FILE */
	OPTION_VALUES, /* const char *: as OPTION_VALUE */
	OPTION_RESOLVES, /* const char *: "host:port:address,address" */
	OPTION_COMMS, /* const char *: cut to what the kernel keeps of a process's name */
	OPTION_CONTAINERS, /* const char *: name or id */
	OPTION_UNITS, /* const char *: pattern of a systemd unit's name, with its suffix */
	OPTION_GLOBS, /* const char *: see base/glob.h */
	OPTION_REGEXES, /* struct regex * */
	OPTION_STATUS_CODES, /* struct status_range */
	OPTION_LIST, /* structs of `section`: a list of mappings */
	OPTION_MAP, /* structs of `section`: a mapping of names to mappings */
	OPTION_PAIRS, /* the same, of names to values of the section's one row */
};

struct choice {
	const char *word;
	int value;
};

/* A key. Bounds and the default are text that goes through the same parser as the user's. */
struct option {
	const char *name;
	enum option_type type;
	bool required;
	bool has_no_field; /* accepted and checked, but there is nothing to store yet */
	bool is_secret; /* its value is never shown */
	bool is_unsupported; /* a module that has it cannot be used, unless it is false */
	const char *replaced_by; /* the name that this one had before */
	size_t offset; /* of the field in the struct of the section */
	size_t count_offset; /* of an array's count */
	const struct option *key; /* of an OPTION_MAP or OPTION_PAIRS: its names */
	const char *word; /* that may stand for an OPTION_SECTION; sets a bool of its struct: */
	size_t word_offset;
	const char *fallback; /* the default; NULL: the field stays zero */
	struct {
		const char *minimum, *maximum;
	} between;
	const struct choice *choices; /* ended by a row without a word */
	const struct section *section; /* of the types that have one */
	const char *help;
};

struct section {
	const char *noun; /* for messages: "unknown key … in a target" */
	size_t size; /* of the struct */
	const struct option *options; /* ended by a row without a name */
};

/* process-exporter's item, until load.c has made a target_config of it. */
struct process_name {
	const char *name;
	struct match_config match;
};

/* What a file is read into. */
struct draft {
	struct config config;
	struct process_name *process_names;
	size_t process_name_count;
};

/* The whole file; its struct is a draft. */
extern const struct section schema_root;

/* The rows about probes: schema_probe.c, schema_module.c, schema_http.c. */
extern const struct section schema_destination, schema_module, schema_http, schema_tcp,
	schema_tls;
extern const struct choice schema_ip_protocols[];

/* The modules that exist without being configured: what could stand below `modules:`. */
extern const char schema_modules[];
