/*
 * Not strptime(3), whose month names follow the locale. The year may be far beyond 2038, and
 * RFC 5280 (4.1.2.5) has "99991231235959Z" for a certificate without an end.
 */
#include "probe/certificate.h"

#include <time.h>

static bool parse_number(struct bytes word, uint64_t max, int *ret_number)
{
	uint64_t number;

	if (!bytes_parse_u64(word, 10, &number) || number > max)
		return false;
	*ret_number = (int)number;
	return true;
}

static bool parse_month(struct bytes word, int *ret_month)
{
	static const char *const names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (bytes_equal(word, names[i])) {
			*ret_month = (int)i;
			return true;
		}
	}
	return false;
}

/* "18:15:29", or "18:15" for a time without seconds. */
static bool parse_clock(struct bytes word, struct tm *tm)
{
	struct bytes hour, minute;

	if (!bytes_take_until(&word, ':', &hour) || !parse_number(hour, 23, &tm->tm_hour))
		return false;
	if (!bytes_take_until(&word, ':', &minute))
		return parse_number(word, 59, &tm->tm_min);
	return parse_number(minute, 59, &tm->tm_min) && parse_number(word, 60, &tm->tm_sec);
}

bool certificate_parse_time(struct bytes text, double *ret_time)
{
	struct bytes word[5], more;
	struct tm tm = { 0 };
	time_t time;

	for (size_t i = 0; i < ARRAY_LENGTH(word); i++) {
		if (!bytes_take_word(&text, &word[i]))
			return false;
	}
	if (!bytes_equal(word[4], "GMT") || bytes_take_word(&text, &more))
		return false;
	if (!parse_month(word[0], &tm.tm_mon) || !parse_number(word[1], 31, &tm.tm_mday) ||
	    !parse_clock(word[2], &tm) || !parse_number(word[3], 9999, &tm.tm_year) ||
	    !tm.tm_mday)
		return false;
	tm.tm_year -= 1900;
	time = timegm(&tm);
	*ret_time = (double)time;
	return true;
}
