#include "probe/request.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

/* A probe with a module of its own. */
struct fixture {
	struct module_config module;
	struct probe_config probe;
	struct request request;
	struct error err;
};

static void fixture_init(struct fixture *f)
{
	*f = (struct fixture){ .module = { .prober = PROBER_HTTP } };
	f->probe.module = &f->module;
}

static int build(struct fixture *f, struct request_aim aim)
{
	request_deinit(&f->request);
	error_clear(&f->err);
	if (!aim.method)
		aim.method = "GET";
	return request_build(&f->probe, &aim, &f->request, &f->err);
}

static void fixture_deinit(struct fixture *f)
{
	request_deinit(&f->request);
	error_deinit(&f->err);
}

/* All lines, with a bar after each, but those that keep libcurl from saying something. */
static const char *lines(const struct fixture *f)
{
	static struct text text;

	text_clear(&text);
	for (size_t i = 0; i < f->request.line_count; i++) {
		const char *line = f->request.lines[i];

		if (line[strlen(line) - 1] != ':')
			text_printf(&text, "%s|", line);
	}
	return text_string(&text);
}

static const struct request_aim own = { .is_own_server = true };

static void write_file(char *path, const char *content)
{
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, content, strlen(content)) < 0)
		abort();
	close(fd);
}

TEST(a_plain_request_says_nothing)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK_EQ_STR(lines(&f), "");
	CHECK_EQ_STR(f.request.method, "GET");
	CHECK(!f.request.body && !f.request.user && !f.request.password);
}

TEST(headers_are_of_the_module_and_may_be_empty)
{
	struct header_config headers[] = { { "Accept", { .text = "a, b" } },
					   { "X-Empty", { .text = "" } },
					   { "X-Twice", { .text = "1" } },
					   { "X-Twice", { .text = "2" } } };
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.module.http.headers = headers;
	f.module.http.header_count = ARRAY_LENGTH(headers);
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK_EQ_STR(lines(&f), "Accept: a, b|X-Empty;|X-Twice: 1|X-Twice: 2|");
}

TEST(files_are_trimmed_and_read_each_time)
{
	char path[] = "/tmp/request_test.XXXXXX";
	struct header_config header = { "X-Token", { .file = path } };
	CLEANUP(fixture_deinit) struct fixture f;
	FILE *file;

	fixture_init(&f);
	f.module.http.headers = &header;
	f.module.http.header_count = 1;
	write_file(path, " \tone two\r\n\n");
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK_EQ_STR(lines(&f), "X-Token: one two|");
	file = fopen(path, "w");
	fputs("three", file);
	fclose(file);
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK_EQ_STR(lines(&f), "X-Token: three|");
	unlink(path);
	CHECK_EQ_INT(build(&f, own), -ENOENT);
	CHECK(strstr(error_string(&f.err), path));
	header.value.file = "/tmp";
	CHECK_EQ_INT(build(&f, own), -EINVAL);
	CHECK_EQ_STR(error_string(&f.err), "/tmp: not a regular file");
}

TEST(a_variable_is_there_or_named)
{
	struct header_config header = { "X-Token", { .variable = "REQUEST_TEST_TOKEN" } };
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.module.http.headers = &header;
	f.module.http.header_count = 1;
	setenv("REQUEST_TEST_TOKEN", "hush", 1);
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK_EQ_STR(lines(&f), "X-Token: hush|");
	unsetenv("REQUEST_TEST_TOKEN");
	CHECK_EQ_INT(build(&f, own), -ENOENT);
	CHECK_EQ_STR(error_string(&f.err),
		     "environment variable REQUEST_TEST_TOKEN is not set");
}

TEST(a_value_cannot_become_a_second_header)
{
	struct header_config header = { "X-Token", { .variable = "REQUEST_TEST_TOKEN" } };
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.module.http.headers = &header;
	f.module.http.header_count = 1;
	setenv("REQUEST_TEST_TOKEN", "secret\r\nX-Other: 1", 1);
	CHECK_EQ_INT(build(&f, own), -EINVAL);
	CHECK(!strstr(error_string(&f.err), "secret"));
	unsetenv("REQUEST_TEST_TOKEN");
}

TEST(credentials_come_from_the_first_that_has_some)
{
	struct header_config header = { "authorization", { .text = "Mine x" } };
	const struct request_aim url = { .is_own_server = true, .user = "u", .password = "p" };
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.module.http.authorization.credentials.text = "token";
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK_EQ_STR(lines(&f), "Authorization: Bearer token|");
	f.module.http.authorization.type = "Token";
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK_EQ_STR(lines(&f), "Authorization: Token token|");
	f.module.http.basic_auth.username.text = "me";
	f.module.http.basic_auth.password.text = "hush";
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK_EQ_STR(lines(&f), "");
	CHECK_EQ_STR(f.request.user, "me");
	CHECK_EQ_STR(f.request.password, "hush");
	CHECK_EQ_INT(build(&f, url), 0);
	CHECK_EQ_STR(f.request.user, "u");
	CHECK_EQ_STR(f.request.password, "p");
	f.module.http.headers = &header;
	f.module.http.header_count = 1;
	CHECK_EQ_INT(build(&f, url), 0);
	CHECK_EQ_STR(lines(&f), "authorization: Mine x|");
	CHECK(!f.request.user && !f.request.password);
}

TEST(a_password_that_cannot_be_read_is_an_error)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.module.http.basic_auth.username.text = "me";
	f.module.http.basic_auth.password.file = "/nowhere/password";
	CHECK_EQ_INT(build(&f, own), -ENOENT);
	CHECK_EQ_STR(error_string(&f.err), "/nowhere/password: No such file or directory");
}

TEST(another_server_learns_no_secret)
{
	char path[] = "/tmp/request_test.XXXXXX";
	struct header_config headers[] = { { "Accept", { .text = "a" } },
					   { "AUTHORIZATION", { .text = "x" } },
					   { "Cookie", { .text = "x" } },
					   { "Proxy-Authorization", { .text = "x" } },
					   { "X-Mine", { .file = path, .is_secret = true } },
					   { "X-Other", { .text = "x", .is_secret = true } },
					   { "Host", { .text = "h.test" } } };
	const struct request_aim other = { .user = "u", .password = "p" };
	CLEANUP(fixture_deinit) struct fixture f;

	write_file(path, "x");
	fixture_init(&f);
	f.module.http.headers = headers;
	f.module.http.header_count = ARRAY_LENGTH(headers);
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK(strstr(lines(&f), "Host: h.test|"));
	CHECK(strstr(lines(&f), "X-Mine: x|X-Other: x|"));
	CHECK_EQ_INT(build(&f, other), 0);
	CHECK_EQ_STR(lines(&f), "Accept: a|");
	CHECK(!f.request.user && !f.request.password);
	f.module.http.header_count = 0;
	f.module.http.basic_auth.username.text = "me";
	f.module.http.authorization.credentials.text = "token";
	f.probe.hostname = "h.test";
	CHECK_EQ_INT(build(&f, other), 0);
	CHECK_EQ_STR(lines(&f), "");
	CHECK(!f.request.user);
	unlink(path);
}

TEST(the_host_is_what_the_probe_or_a_header_says)
{
	struct header_config header = { "host", { .text = "a.test" } };
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	CHECK_EQ_STR(request_host(&f.probe), NULL);
	f.module.http.headers = &header;
	f.module.http.header_count = 1;
	CHECK_EQ_STR(request_host(&f.probe), "a.test");
	header.value.text = "";
	CHECK_EQ_STR(request_host(&f.probe), NULL);
	f.probe.hostname = "b.test";
	CHECK_EQ_STR(request_host(&f.probe), "b.test");
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK_EQ_STR(lines(&f), "Host: b.test|");
}

TEST(a_host_cannot_become_a_second_header)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.probe.hostname = "a.test\r\nX-Injected: yes";
	CHECK_EQ_INT(build(&f, own), -EINVAL);
	CHECK_EQ_STR(error_string(&f.err), "the value of header Host has a line break");
}

TEST(a_body_is_text_or_a_file_and_goes_when_a_redirect_drops_it)
{
	char path[] = "/tmp/request_test.XXXXXX";
	struct header_config header = { "Content-Type", { .text = "text/x" } };
	const struct request_aim dropped = { .is_own_server = true, .drops_body = true };
	CLEANUP(fixture_deinit) struct fixture f;

	write_file(path, " as it is\n");
	fixture_init(&f);
	f.module.http.body = "h\0llo";
	f.module.http.body_length = 5;
	f.module.http.headers = &header;
	f.module.http.header_count = 1;
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK_EQ_U64(f.request.body_length, 5);
	CHECK_EQ_MEM(f.request.body, "h\0llo", 5);
	CHECK_EQ_STR(lines(&f), "Content-Type: text/x|");
	CHECK_EQ_INT(build(&f, dropped), 0);
	CHECK(!f.request.body);
	CHECK_EQ_STR(lines(&f), "");
	f.module.http.body_file = path;
	CHECK_EQ_INT(build(&f, own), 0);
	CHECK_EQ_STR(f.request.body, " as it is\n");
	unlink(path);
	CHECK_EQ_INT(build(&f, own), -ENOENT);
}

TEST(lines_for_a_proxy_are_built_alike)
{
	struct header_config headers[] = { { "X-A", { .text = "1" } },
					   { "X-B", { .variable = "REQUEST_TEST_NONE" } } };
	CLEANUP(error_deinit) struct error err = { 0 };
	struct request request;

	CHECK_EQ_INT(request_build_lines(headers, 1, &request, &err), 0);
	CHECK_EQ_U64(request.line_count, 1);
	CHECK_EQ_STR(request.lines[0], "X-A: 1");
	request_deinit(&request);
	CHECK_EQ_INT(request_build_lines(headers, 2, &request, &err), -ENOENT);
}

TEST_MAIN()
