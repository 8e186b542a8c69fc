/*
 * Component by component, so that fnmatch(3), which knows no `**`, never sees a slash. Only the
 * newest `**` is ever given another try: what an older one could take, it can take, too.
 */
#include "base/glob.h"

#include <fnmatch.h>
#include <string.h>

#include "base/text.h"

/* The components of a path as strings, one behind the other. */
struct components {
	struct text text;
	const char *at, *end;
};

static void components_init(struct components *components, struct bytes path)
{
	struct text *text = &components->text;

	if (bytes_starts_with(path, "/"))
		path = (struct bytes){ path.data + 1, path.length - 1 };
	text_append(text, path.data, path.length);
	for (size_t i = 0; i < text->length; i++) {
		if (text->data[i] == '/')
			text->data[i] = '\0';
	}
	components->at = text_string(text);
	components->end = components->at + (text->length ? text->length + 1 : 0);
}

static void components_deinit(struct components *components)
{
	text_deinit(&components->text);
}

static const char *next(const char *component)
{
	return component + strlen(component) + 1;
}

static bool take_stars(struct components *globs)
{
	if (globs->at == globs->end || strcmp(globs->at, "**") != 0)
		return false;
	globs->at = next(globs->at);
	return true;
}

bool glob_match(const char *glob, struct bytes path)
{
	CLEANUP(components_deinit) struct components globs = { 0 }, names = { 0 };
	const char *retry_glob = NULL, *retry_name = NULL;

	components_init(&globs, bytes_from_string(glob));
	components_init(&names, path);
	while (names.at != names.end) {
		if (take_stars(&globs)) {
			retry_glob = globs.at;
			retry_name = names.at;
		} else if (globs.at != globs.end &&
			   !fnmatch(globs.at, names.at, FNM_NOESCAPE)) {
			globs.at = next(globs.at);
			names.at = next(names.at);
		} else if (retry_glob) {
			globs.at = retry_glob;
			names.at = retry_name = next(retry_name);
		} else {
			return false;
		}
	}
	while (take_stars(&globs))
		;
	return globs.at == globs.end;
}
