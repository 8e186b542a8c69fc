/*
 * libmicrohttpd 0.9.75 as Debian has it, and what its source and trials of it have shown:
 *
 * - Without limits 1,020 idle connections lock everybody out for ever: the limit is FD_SETSIZE
 *   and the time-out is never. Both are set, and since every limit of the library refuses
 *   newcomers, which on one address may be the scraper, an own rule (crowd.h) makes room before
 *   any of them is reached. Therefore no limit per address: it could only ever hit the wrong
 *   one.
 * - The time-out is one of inactivity. Who sends or reads a byte now and then is bounded by
 *   crowd.h instead.
 * - A response queued on the first call of the handler closes the connection. That is right for
 *   a request with a body that nobody wants to read, and wrong for all others.
 * - A request with both Content-Length and Transfer-Encoding is accepted, which RFC 9112 (6.3)
 *   calls an attempt at smuggling.
 * - Stopping needs quiesce, then shutdown() of the listening socket, or clients hang in its
 *   backlog; a suspended connection at that point is a panic.
 * - A suspended connection is not looked at: it has no time-out, which begins anew when it is
 *   resumed, and it is not seen that its client has gone. Whoever answers looks for that.
 * - shutdown() of a connection's socket, from within the daemon's thread, ends it the way a
 *   vanished client would. Its descriptor is valid between the two notifications.
 * - It never writes to stderr without MHD_USE_ERROR_LOG, and sends with MSG_NOSIGNAL.
 *
 * Each daemon has one thread, in which all its callbacks run; the crowd needs no lock. The
 * count of answers is shared by them, and guarded by the mutex; lines of waits have their own.
 */
#include "expose/http.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "expose/crowd.h"
#include "expose/listener.h"
#include "expose/site.h"

enum {
	LEAVING_MAX = 64, /* connections on their way out; it accepts 11 in one go */
	IDLE_SECONDS = 20, /* longer than the usual scrape interval, 15 s */
	ANSWER_SECONDS = 30, /* three times the usual scrape time-out */
	STOP_SECONDS = 5,
	MEMORY_MAX = 16 * 1024, /* bytes per connection: request line and headers */
	BODY_MAX = 4 * 1024, /* bytes of a request's body that are read and forgotten */
	RELOADS_MAX = 8, /* waiting at once */
};

struct listener {
	struct http *http;
	struct MHD_Daemon *daemon;
	int socket;
	struct text address;
	struct crowd crowd;
	size_t guests_max;
};

struct http {
	struct http_config config;
	struct site site;
	struct listener *listeners;
	size_t listener_count; /* with the one that failed to start */
	pthread_mutex_t lock;
	pthread_cond_t answered;
	size_t answering; /* requests whose answers are not sent yet */
	struct http_wait_line *reloads, *probes;
	size_t probes_max; /* waiting at once */
};

struct request {
	struct listener *listener;
	struct crowd_guest *guest;
	size_t body; /* bytes received */
	struct http_wait *wait; /* NULL: it was answered at once */
};

static struct crowd_guest *guest_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

static void make_room(struct listener *listener, double now)
{
	struct crowd_guest *guest;

	while ((guest = crowd_turn_out(&listener->crowd, listener->guests_max,
				       now - ANSWER_SECONDS)))
		shutdown(guest->socket, SHUT_RDWR);
}

static void notify_connection(void *context, struct MHD_Connection *connection,
			      void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct listener *listener = context;
	double now = clock_monotonic();

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		int socket =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd;

		*socket_context = crowd_enter(&listener->crowd, socket, now);
		make_room(listener, now);
	} else {
		crowd_leave(&listener->crowd, *socket_context);
		*socket_context = NULL;
	}
}

static struct request *begin_request(struct listener *listener,
				     struct MHD_Connection *connection)
{
	struct request *request = memory_new(1, sizeof(*request));
	double now = clock_monotonic();

	request->listener = listener;
	request->guest = guest_of(connection);
	crowd_begin_answer(&listener->crowd, request->guest, now);
	make_room(listener, now);
	pthread_mutex_lock(&listener->http->lock);
	listener->http->answering++;
	pthread_mutex_unlock(&listener->http->lock);
	return request;
}

static void notify_completed(void *context, struct MHD_Connection *connection,
			     void **request_context, enum MHD_RequestTerminationCode code)
{
	struct listener *listener = context;
	struct request *request = *request_context;

	(void)connection;
	(void)code;
	if (!request)
		return;
	crowd_end_answer(&listener->crowd, request->guest, clock_monotonic());
	pthread_mutex_lock(&listener->http->lock);
	listener->http->answering--;
	pthread_cond_signal(&listener->http->answered);
	pthread_mutex_unlock(&listener->http->lock);
	http_wait_release(request->wait);
	free(request);
	*request_context = NULL;
}

static void release_page(void *page)
{
	page_release(page);
}

/* Takes what the answer owns over. */
static struct MHD_Response *new_response(struct site_answer *answer)
{
	struct bytes body = answer->body;

	if (answer->page)
		return MHD_create_response_from_buffer_with_free_callback_cls(
			body.length, (void *)(uintptr_t)body.data, release_page, answer->page);
	return MHD_create_response_from_buffer_with_free_callback(
		body.length, text_release(&answer->text), free);
}

static void add_header(void *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

/* The answer is consumed. MHD_NO closes the connection. */
static enum MHD_Result queue(struct MHD_Connection *connection, struct site_answer answer)
{
	struct MHD_Response *response = new_response(&answer);
	enum MHD_Result queued;

	if (!response) {
		page_release(answer.page);
		return MHD_NO;
	}
	site_write_headers(&answer, add_header, response);
	queued = MHD_queue_response(connection, answer.status, response);
	MHD_destroy_response(response);
	return queued;
}

/* The values of a header that may come several times, joined as RFC 9110 (5.3) allows. */
struct header {
	const char *name;
	struct text value;
};

static enum MHD_Result join_value(void *context, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	struct header *header = context;

	(void)kind;
	if (strcasecmp(name, header->name) != 0 || !value)
		return MHD_YES;
	if (header->value.length)
		text_append(&header->value, ", ", 2);
	text_append_string(&header->value, value);
	return MHD_YES;
}

static struct text read_header(struct MHD_Connection *connection, const char *name)
{
	struct header header = { .name = name };

	MHD_get_connection_values(connection, MHD_HEADER_KIND, join_value, &header);
	return header.value;
}

static void suspend(void *connection)
{
	MHD_suspend_connection(connection);
}

static void resume(void *connection)
{
	MHD_resume_connection(connection);
}

/* Lets the request wait: true; false when it got a 503 instead. */
static bool begin_wait(struct request *request, struct MHD_Connection *connection,
		       struct http_wait_line *line, enum MHD_Result *ret_queued)
{
	const char *refusal = http_wait_begin(line, connection, &request->wait);

	if (refusal) {
		*ret_queued = queue(connection, site_answer_text(503, refusal));
		return false;
	}
	crowd_begin_wait(&request->listener->crowd, request->guest, clock_monotonic());
	*ret_queued = MHD_YES;
	return true;
}

static enum MHD_Result start_reload(struct request *request, struct MHD_Connection *connection)
{
	struct http *http = request->listener->http;
	enum MHD_Result queued;

	if (begin_wait(request, connection, http->reloads, &queued))
		http->config.reload(http->config.context, request->wait);
	return queued;
}

static enum MHD_Result take_argument(void *query, enum MHD_ValueKind kind, const char *name,
				     size_t name_length, const char *value, size_t length)
{
	(void)kind;
	(void)name_length;
	http_query_take(query, name, (struct bytes){ value, length });
	return MHD_YES;
}

static enum MHD_Result start_probe(struct request *request, struct MHD_Connection *connection)
{
	struct http *http = request->listener->http;
	struct http_query query;
	enum MHD_Result queued;

	http_query_init(&query);
	MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, take_argument, &query);
	http_query_take_timeout(&query,
				MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							    "X-Prometheus-Scrape-Timeout-"
							    "Seconds"));
	if (query.refusal)
		return queue(connection, site_answer_text(400, query.refusal));
	if (begin_wait(request, connection, http->probes, &queued))
		http->config.probe(http->config.context, request->wait, &query,
				   request->guest->socket);
	return queued;
}

/* The answer of a request that has waited for it. */
static enum MHD_Result answer_wait(struct request *request, struct MHD_Connection *connection)
{
	struct listener *listener = request->listener;
	struct http_wait_answer answer = http_wait_take(request->wait);
	CLEANUP(text_deinit)
	struct text encoding = read_header(connection, "Accept-Encoding");
	double now = clock_monotonic();

	crowd_begin_answer(&listener->crowd, request->guest, now);
	make_room(listener, now);
	return queue(connection, site_answer_later(answer.status, answer.content_type,
						   &answer.text, text_string(&encoding)));
}

static enum MHD_Result answer_request(struct request *request,
				      struct MHD_Connection *connection, const char *method,
				      const char *path)
{
	struct http *http = request->listener->http;
	CLEANUP(text_deinit) struct text accept = read_header(connection, "Accept");
	CLEANUP(text_deinit)
	struct text encoding = read_header(connection, "Accept-Encoding");
	struct site_answer answer;
	struct site_request asked;
	int done;

	asked = (struct site_request){
		.method = method,
		.path = path,
		.accept = text_string(&accept),
		.accept_encoding = text_string(&encoding),
		.now = clock_monotonic(),
		.stale_after = http->config.stale_after(http->config.context),
	};
	done = site_answer(&http->site, &asked, &answer);
	if (done == SITE_RELOAD)
		return start_reload(request, connection);
	if (done == SITE_PROBE)
		return start_probe(request, connection);
	return queue(connection, answer);
}

/* Answers a request whose body is not one to be read; leaves the others alone. */
static enum MHD_Result refuse_body(struct MHD_Connection *connection)
{
	const char *length =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
	const char *encoding =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");

	if (length && encoding)
		return queue(connection, site_answer_text(400, "The length is given twice."));
	if (length && strtoull(length, NULL, 10) > BODY_MAX)
		return queue(connection, site_answer_text(413, "No body is expected here."));
	return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection,
			      const char *path, const char *method, const char *version,
			      const char *upload, size_t *upload_size, void **request_context)
{
	struct listener *listener = context;
	struct request *request = *request_context;

	(void)version;
	(void)upload;
	if (!request) {
		*request_context = begin_request(listener, connection);
		return refuse_body(connection);
	}
	if (*upload_size) {
		request->body += *upload_size;
		*upload_size = 0;
		return request->body <= BODY_MAX ? MHD_YES : MHD_NO;
	}
	if (request->wait)
		return answer_wait(request, connection);
	return answer_request(request, connection, method, path);
}

static int start_listener(struct listener *listener, const char *address, struct error *err)
{
	size_t room =
		listener->guests_max + LEAVING_MAX + RELOADS_MAX + listener->http->probes_max;
	int done = listener_open(address, &listener->socket, err);

	if (done < 0)
		return done;
	listener_describe(listener->socket, &listener->address);
	errno = 0;
	listener->daemon = MHD_start_daemon(
		MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
		NULL, handle, listener, MHD_OPTION_LISTEN_SOCKET, listener->socket,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)room, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		0U, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
		MHD_OPTION_NOTIFY_COMPLETED, notify_completed, listener,
		MHD_OPTION_NOTIFY_CONNECTION, notify_connection, listener, MHD_OPTION_END);
	if (listener->daemon)
		return 0;
	done = errno ? -errno : -ENOMEM;
	return error_set(err, done, "cannot start the web server on %s: %s", address,
			 strerror(-done));
}

static void open_lock(struct http *http)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&http->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&http->answered, &attributes);
	pthread_condattr_destroy(&attributes);
}

int http_start(const struct http_config *config, struct board *board, struct http **ret_http,
	       struct error *err)
{
	struct http *http = memory_new(1, sizeof(*http));

	open_lock(http);
	http->config = *config;
	http->config.addresses = NULL;
	http->site =
		(struct site){ .board = board,
			       .telemetry_path = memory_copy_string(config->telemetry_path),
			       .version = memory_copy_string(config->version),
			       .enable_lifecycle = config->enable_lifecycle,
			       .has_probe = config->probe };
	http->probes_max = listener_measure_patience();
	http->probes = http_wait_line_new(http->probes_max, "too many probes at once", suspend,
					  resume);
	http->reloads = http_wait_line_new(RELOADS_MAX, "too many reloads are waiting already",
					   suspend, resume);
	http->listeners = memory_new(config->address_count, sizeof(*http->listeners));
	for (size_t i = 0; i < config->address_count; i++) {
		struct listener *listener = &http->listeners[http->listener_count++];
		int done;

		*listener = (struct listener){ .http = http, .socket = -1 };
		listener->guests_max = listener_measure_room(config->address_count);
		done = start_listener(listener, config->addresses[i], err);
		if (done < 0) {
			http_stop(http);
			return done;
		}
	}
	*ret_http = http;
	return 0;
}

static void refuse_newcomers(struct http *http)
{
	for (size_t i = 0; i < http->listener_count; i++) {
		struct listener *listener = &http->listeners[i];

		if (listener->daemon && MHD_quiesce_daemon(listener->daemon) >= 0)
			shutdown(listener->socket, SHUT_RDWR);
	}
}

/* Who waits gets an answer, other answers get their time. */
static void finish_answers(struct http *http)
{
	struct timespec until;

	http_wait_line_stop(http->reloads);
	http_wait_line_stop(http->probes);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_SECONDS;
	pthread_mutex_lock(&http->lock);
	while (http->answering &&
	       pthread_cond_timedwait(&http->answered, &http->lock, &until) == 0)
		;
	pthread_mutex_unlock(&http->lock);
}

static void close_listener(struct listener *listener)
{
	if (listener->daemon)
		MHD_stop_daemon(listener->daemon);
	if (listener->socket >= 0)
		close(listener->socket);
	text_deinit(&listener->address);
}

void http_stop(struct http *http)
{
	if (!http)
		return;
	refuse_newcomers(http);
	finish_answers(http);
	for (size_t i = 0; i < http->listener_count; i++)
		close_listener(&http->listeners[i]);
	http_wait_line_release(http->reloads);
	http_wait_line_release(http->probes);
	free(http->listeners);
	free((void *)(uintptr_t)http->site.telemetry_path);
	free((void *)(uintptr_t)http->site.version);
	pthread_cond_destroy(&http->answered);
	pthread_mutex_destroy(&http->lock);
	free(http);
}

const char *http_address(const struct http *http, size_t index)
{
	assert(index < http->listener_count);
	return text_string(&http->listeners[index].address);
}
