#include "daemon/report.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"

void report_lines(enum log_level level, const char *message, const struct error *err)
{
	struct bytes rest = bytes_from_string(error_string(err)), line;

	while (bytes_take_line(&rest, &line)) {
		CLEANUP(text_deinit) struct text reason = { 0 };

		text_append(&reason, line.data, line.length);
		log_line(level, message, "err", text_string(&reason), NULL);
	}
}

void report_start(void)
{
	const struct catalog_build *build = flags_build();

	log_line(LOG_INFO, "Starting outbound_exporter", "version", build->version, "revision",
		 build->revision, NULL);
}

static void append_number(struct text *text, uint64_t number)
{
	text_clear(text);
	text_append_u64(text, number);
}

static void report_modules(const struct config *config)
{
	CLEANUP(text_deinit) struct text modules = { 0 };

	config_write_unsupported(config, &modules);
	if (modules.length)
		log_line(LOG_WARN, "Modules that cannot be used", "modules",
			 text_string(&modules), NULL);
}

void report_config(const struct flags *flags, const struct config *config)
{
	CLEANUP(text_deinit) struct text targets = { 0 }, destinations = { 0 }, probes = { 0 };
	size_t probe_count = 0;

	if (!flags->config_file) {
		log_line(LOG_INFO,
			 "No config file: watching every process with an outbound "
			 "connection, probing nothing",
			 NULL);
		return;
	}
	for (size_t i = 0; i < config->destination_count; i++)
		probe_count += config->destinations[i].probe.url != NULL;
	append_number(&targets, config->target_count);
	append_number(&destinations, config->destination_count);
	append_number(&probes, probe_count);
	log_line(LOG_INFO, "Loaded config file", "file", flags->config_file, "targets",
		 text_string(&targets), "destinations", text_string(&destinations), "probes",
		 text_string(&probes), "discovery", config_discovers(config) ? "on" : "off",
		 NULL);
	report_modules(config);
}

/* An address of "everywhere" is no address to click on. */
static void write_url(const char *address, const char *path, struct text *url)
{
	const char *port = strrchr(address, ':');
	bool everywhere = address[0] == ':' || !strncmp(address, "0.0.0.0:", 8) ||
			  !strncmp(address, "[::]:", 5);

	text_printf(url, "http://%s%s%s", everywhere ? "localhost" : "",
		    everywhere && port ? port : address, path);
}

void report_listening(const struct http *http, const struct flags *flags)
{
	for (size_t i = 0; i < flags->listen_count; i++) {
		CLEANUP(text_deinit) struct text url = { 0 };

		write_url(http_address(http, i), flags->telemetry_path, &url);
		log_line(LOG_INFO, "Listening on", "address", http_address(http, i), "metrics",
			 text_string(&url), NULL);
	}
}

static bool needs_quotes(const char *argument)
{
	return !*argument || strpbrk(argument, " \t\n'\"\\$`&|;<>()*?[]#~!{}");
}

/* For a shell: in single quotes, in which nothing but the quote itself is special. */
static void append_argument(struct text *command, const char *argument)
{
	text_append_char(command, ' ');
	if (!needs_quotes(argument)) {
		text_append_string(command, argument);
		return;
	}
	text_append_char(command, '\'');
	for (; *argument; argument++) {
		if (*argument == '\'')
			text_append_string(command, "'\\''");
		else
			text_append_char(command, *argument);
	}
	text_append_char(command, '\'');
}

/* The same command again, as root, by the binary's full path. */
static void write_command(char **argv, struct text *command)
{
	CLEANUP(text_deinit) struct text exe = { 0 };

	text_append_string(command, "sudo");
	if (file_read_link(AT_FDCWD, "/proc/self/exe", &exe) < 0)
		append_argument(command, argv[0]);
	else
		append_argument(command, text_string(&exe));
	for (size_t i = 1; argv[i]; i++)
		append_argument(command, argv[i]);
}

void report_unreadable(const struct snapshot *snapshot, char **argv)
{
	CLEANUP(text_deinit) struct text number = { 0 }, command = { 0 };
	uint64_t count = snapshot->self.unreadable[UNREADABLE_PERMISSION];

	if (!count)
		return;
	append_number(&number, count);
	if (geteuid()) {
		write_command(argv, &command);
		log_line(LOG_WARN, "Processes that could not be read: no permission",
			 "processes", text_string(&number), "run", text_string(&command), NULL);
		return;
	}
	log_line(LOG_WARN, "Processes that could not be read: no permission", "processes",
		 text_string(&number), "needs",
		 "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, and no security module against it",
		 NULL);
}

/* A mistyped condition looks just like a program that is not running. */
static void report_absent(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->target_count; i++) {
		if (!snapshot->targets[i].processes)
			log_line(LOG_WARN, "No process matches the target", "target",
				 snapshot->targets[i].name, NULL);
	}
}

void report_look(const struct snapshot *snapshot)
{
	CLEANUP(text_deinit) struct text targets = { 0 }, processes = { 0 }, unreadable = { 0 };

	append_number(&targets, snapshot->target_count);
	append_number(&processes, snapshot->process_count);
	append_number(&unreadable, snapshot->self.unreadable[UNREADABLE_PERMISSION]);
	log_line(LOG_INFO, "Watching", "targets", text_string(&targets), "processes",
		 text_string(&processes), "unreadable_processes", text_string(&unreadable),
		 NULL);
	report_absent(snapshot);
}

void report_names(struct names *names)
{
	CLEANUP(text_deinit) struct text hosts = { 0 };

	names_write_unresolved(names, &hosts);
	if (hosts.length)
		log_line(LOG_WARN, "No address for host names of the configuration", "hosts",
			 text_string(&hosts), NULL);
	else
		log_line(LOG_INFO, "All host names of the configuration have addresses", NULL);
}

void report_events(const struct snapshot *snapshot, const struct sources *sources)
{
	if (snapshot->has_events)
		log_line(LOG_INFO, "Connections are counted exactly, by events of the kernel",
			 NULL);
	else if (sources->config->collect.events != EVENTS_OFF)
		log_line(LOG_WARN, "Connections are counted at each look only, without events",
			 "err", error_string(&sources->events->reason), NULL);
}

void report_view(const char *target, int error, const char *right)
{
	if (!error)
		log_line(LOG_INFO, "The target's view of the network can be taken now",
			 "target", target, NULL);
	else
		log_line(LOG_WARN,
			 "The target's view of the network cannot be taken: its probes are "
			 "left out",
			 "target", target, "err", strerror(-error), right ? "needs" : NULL,
			 right, NULL);
}
