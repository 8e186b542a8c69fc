/*
 * As res_init(3) of glibc reads it (resolv/res_init.c), which is not quite what the page says:
 * a keyword begins its line, "#" and ";" make a comment at the beginning of a line and behind
 * an address, the last one of `search` and `domain` holds, and numbers have limits (resolv.h:
 * RES_MAXNDOTS, RES_MAXRETRANS, RES_MAXRETRY). A time or number of attempts of 0 acts as 1.
 */
#include "probe/resolv_conf.h"

#include <string.h>

#define NDOTS_MAX 15
#define TIMEOUT_MAX 30
#define ATTEMPTS_MAX 5

/* "keyword" and a blank are taken off the front. */
static bool take_keyword(struct bytes *line, const char *keyword)
{
	size_t length = strlen(keyword);

	if (!bytes_starts_with(*line, keyword) || line->length == length ||
	    (line->data[length] != ' ' && line->data[length] != '\t'))
		return false;
	line->data += length + 1;
	line->length -= length + 1;
	return true;
}

static void add_server(struct bytes rest, struct resolv_conf *conf)
{
	struct resolv_conf_server server = { 0 };
	struct bytes word, address;

	if (conf->server_count == RESOLV_CONF_SERVERS_MAX || !bytes_take_word(&rest, &word))
		return;
	for (size_t i = 0; i < word.length; i++) {
		if (word.data[i] == '#' || word.data[i] == ';')
			word.length = i;
	}
	if (bytes_take_until(&word, '%', &address))
		server.scope = word;
	else
		address = word;
	if (!address_parse_bytes(address, &server.address))
		conf->servers[conf->server_count++] = server;
}

static void set_search(struct bytes rest, size_t max, struct resolv_conf *conf)
{
	struct bytes word;

	size_t count = 0;

	while (count < max && bytes_take_word(&rest, &word))
		conf->search[count++] = word;
	if (count)
		conf->search_count = count;
}

/* "name:N", of which the number may be followed by anything. */
static bool parse_number(struct bytes option, const char *name, unsigned max,
			 unsigned *ret_number)
{
	size_t length = strlen(name);
	unsigned number = 0;

	if (!bytes_starts_with(option, name))
		return false;
	for (size_t i = length; i < option.length && number <= max; i++) {
		if (option.data[i] < '0' || option.data[i] > '9')
			break;
		number = number * 10 + (unsigned)(option.data[i] - '0');
	}
	*ret_number = number < max ? number : max;
	return true;
}

static void set_option(struct bytes option, struct resolv_conf *conf)
{
	if (parse_number(option, "ndots:", NDOTS_MAX, &conf->ndots) ||
	    parse_number(option, "timeout:", TIMEOUT_MAX, &conf->timeout) ||
	    parse_number(option, "attempts:", ATTEMPTS_MAX, &conf->attempts))
		return;
	conf->rotate |= bytes_equal(option, "rotate");
	conf->use_vc |= bytes_equal(option, "use-vc");
	conf->single_request |= bytes_equal(option, "single-request") ||
				bytes_equal(option, "single-request-reopen");
	conf->no_aaaa |= bytes_equal(option, "no-aaaa");
}

static void parse_line(struct bytes line, struct resolv_conf *conf)
{
	struct bytes word;

	if (take_keyword(&line, "nameserver")) {
		add_server(line, conf);
	} else if (take_keyword(&line, "search")) {
		set_search(line, RESOLV_CONF_SEARCH_MAX, conf);
	} else if (take_keyword(&line, "domain")) {
		set_search(line, 1, conf);
	} else if (take_keyword(&line, "options")) {
		while (bytes_take_word(&line, &word))
			set_option(word, conf);
	}
}

void resolv_conf_parse(struct bytes text, struct resolv_conf *ret_conf)
{
	static const uint8_t here[] = { 127, 0, 0, 1 };
	struct resolv_conf conf = { .ndots = 1, .timeout = 5, .attempts = 2 };
	struct bytes line;

	while (bytes_take_line(&text, &line))
		parse_line(line, &conf);
	if (!conf.server_count)
		conf.servers[conf.server_count++].address = address_from_ipv4(here);
	conf.timeout += !conf.timeout;
	conf.attempts += !conf.attempts;
	*ret_conf = conf;
}
