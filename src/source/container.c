/*
 * A kubelet makes a link /var/log/containers/<pod>_<namespace>_<container>-<id>.log once the
 * container has started (legacyLogSymlink() in pkg/kubelet/kuberuntime/legacy.go), so the name
 * may come after the process; none of the three has an underscore. Docker keeps
 * /var/lib/docker/containers/<id>/config.v2.json, with "Name":"/checkout"
 * (container/container.go in moby), which takes root or CAP_DAC_READ_SEARCH to read.
 *
 * The folder of links is listed as a whole, at most once a tick, and what it holds is
 * remembered: a node's containers come into sight all at once.
 */
#include "source/container.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

#define LOGS "var/log/containers"
#define CONTAINERS_MAX ((size_t)4096)
#define LOGS_MAX 20000 /* entries of the folder: each container's older runs have one, too */
#define CONFIG_MAX ((size_t)1024 * 1024)
#define NAME_LENGTH_MAX ((size_t)255) /* NAME_MAX of the file systems that these come from */

/* Until an unknown name is looked for again. */
#define WAIT_MIN_SECONDS 1.0
#define WAIT_MAX_SECONDS 60.0
/* A container that nobody asked about for this long can make room. */
#define UNUSED_SECONDS 120.0

struct container {
	char id[CGROUP_ID_LENGTH];
	char *name; /* NULL: unknown */
	double asked, due, wait;
};

struct container_table {
	int rootfs;
	double listed; /* when the folder of links was */
	struct container *items; /* sorted by id */
	size_t count, capacity;
};

struct container_table *container_table_new(void)
{
	struct container_table *table = memory_new(1, sizeof(*table));

	table->rootfs = -1;
	table->listed = -INFINITY;
	return table;
}

void container_table_free(struct container_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		free(table->items[i].name);
	free(table->items);
	file_close(&table->rootfs);
	free(table);
}

int container_table_open(struct container_table *table, const char *rootfs, struct error *err)
{
	int directory = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return error_set(err, -errno, "%s: %s", rootfs, strerror(errno));
	file_close(&table->rootfs);
	table->rootfs = directory;
	return 0;
}

static bool is_part(struct bytes part)
{
	return part.length && !memchr(part.data, '_', part.length);
}

bool container_parse_log(struct bytes file, struct bytes *ret_name, struct bytes *ret_id)
{
	static const char suffix[] = ".log";
	size_t tail = 1 + CGROUP_ID_LENGTH + sizeof(suffix) - 1;
	struct bytes name, id, rest, part;

	if (file.length <= tail)
		return false;
	name = rest = (struct bytes){ file.data, file.length - tail };
	id = (struct bytes){ name.data + name.length + 1, CGROUP_ID_LENGTH };
	if (name.data[name.length] != '-' || !cgroup_is_id(id) ||
	    memcmp(id.data + id.length, suffix, sizeof(suffix) - 1) != 0)
		return false;
	if (!bytes_take_until(&rest, '_', &part) || !is_part(part) ||
	    !bytes_take_until(&rest, '_', &part) || !is_part(part) || !is_part(rest))
		return false;
	*ret_name = name;
	*ret_id = id;
	return true;
}

bool container_parse_config(struct bytes json, struct text *name)
{
	CLEANUP(text_deinit) struct text found = { 0 };
	const char *start;

	if (!json_find_string(json, "Name", &found))
		return false;
	start = text_string(&found);
	start += *start == '/';
	if (!*start || strlen(start) > NAME_LENGTH_MAX)
		return false;
	for (const char *c = start; *c; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return false;
	}
	text_clear(name);
	text_append_string(name, start);
	return true;
}

/* The first container that is not before this id. */
static size_t lower_bound(const struct container_table *table, struct bytes id)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(table->items[middle].id, id.data, CGROUP_ID_LENGTH) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct container *find(const struct container_table *table, struct bytes id)
{
	size_t at = lower_bound(table, id);

	if (at == table->count || memcmp(table->items[at].id, id.data, CGROUP_ID_LENGTH) != 0)
		return NULL;
	return &table->items[at];
}

static void make_room(struct container_table *table, double now)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++) {
		if (now - table->items[i].asked < UNUSED_SECONDS)
			table->items[kept++] = table->items[i];
		else
			free(table->items[i].name);
	}
	table->count = kept;
}

/* NULL: the table is full of containers that are in use. */
static struct container *add(struct container_table *table, struct bytes id, double now)
{
	struct container *container;
	size_t at;

	if (table->count >= CONTAINERS_MAX)
		make_room(table, now);
	if (table->count >= CONTAINERS_MAX)
		return NULL;
	at = lower_bound(table, id);
	table->items = memory_grow(table->items, &table->capacity, table->count + 1,
				   sizeof(*table->items));
	container = &table->items[at];
	memmove(container + 1, container, (table->count - at) * sizeof(*container));
	*container = (struct container){ .asked = now, .due = now, .wait = WAIT_MIN_SECONDS };
	memcpy(container->id, id.data, CGROUP_ID_LENGTH);
	table->count++;
	return container;
}

static struct container *get(struct container_table *table, struct bytes id, double now)
{
	struct container *container = find(table, id);

	return container ? container : add(table, id, now);
}

static void take_log(struct container_table *table, const char *file, double now)
{
	struct container *container;
	struct text text = { 0 };
	struct bytes name, id;

	if (!container_parse_log(bytes_from_string(file), &name, &id))
		return;
	container = get(table, id, now);
	if (!container || container->name)
		return;
	text_append(&text, name.data, name.length);
	container->name = text_release(&text);
}

static void list_logs(struct container_table *table, double now)
{
	CLEANUP(file_close_directory) DIR *directory = NULL;
	struct dirent *entry;

	if (table->listed >= now)
		return;
	table->listed = now;
	directory = file_open_directory_in_root(table->rootfs, LOGS);
	for (int i = 0; directory && i < LOGS_MAX && (entry = readdir(directory)); i++)
		take_log(table, entry->d_name, now);
}

static char *read_config(const struct container_table *table, struct bytes id)
{
	CLEANUP(text_deinit) struct text path = { 0 }, json = { 0 };
	struct text name = { 0 };

	text_printf(&path, "var/lib/docker/containers/%.*s/config.v2.json", (int)id.length,
		    id.data);
	if (file_read_in_root(table->rootfs, text_string(&path), CONFIG_MAX, &json) < 0 ||
	    !container_parse_config((struct bytes){ text_string(&json), json.length }, &name))
		return NULL;
	return text_release(&name);
}

/* Listing moves the containers in memory. Returns where this one is then, or NULL. */
static struct container *look_up(struct container_table *table, struct bytes id, double now)
{
	struct container *container;

	list_logs(table, now);
	container = find(table, id);
	if (!container || container->name)
		return container;
	container->name = read_config(table, id);
	container->due = now + container->wait;
	container->wait = fmin(container->wait * 2, WAIT_MAX_SECONDS);
	return container;
}

bool container_table_write_name(struct container_table *table, struct bytes id, double now,
				struct text *name)
{
	struct container *container;

	if (table->rootfs < 0 || !cgroup_is_id(id))
		return false;
	container = get(table, id, now);
	if (!container)
		return false;
	container->asked = now;
	if (!container->name && now >= container->due)
		container = look_up(table, id, now);
	if (!container || !container->name)
		return false;
	text_append_string(name, container->name);
	return true;
}
