/*
 * tracefs is mounted by systemd at /sys/kernel/tracing, elsewhere often not at all, and in a
 * container never. The new mount calls (fsopen(2), fsmount(2); Linux 5.2) give a directory that
 * is mounted nowhere, so that nobody else sees it and nothing is left behind; they want
 * CAP_SYS_ADMIN. All instances show the same tree. Its root has mode 0700: who is not root
 * needs CAP_DAC_READ_SEARCH.
 *
 * A line of `format` (kernel/trace/trace_events.c, f_show()):
 *
 *	field:__u8 saddr_v6[16];	offset:40;	size:16;	signed:0;
 */
#include "source/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"

/* include/uapi/linux/mount.h; glibc has them since 2.36. */
#define CREATE_SUPERBLOCK 6 /* FSCONFIG_CMD_CREATE */
#define OPEN_CLOSE_ON_EXEC 1 /* FSOPEN_CLOEXEC */
#define MOUNT_CLOSE_ON_EXEC 1 /* FSMOUNT_CLOEXEC */

#define FORMAT_BYTES_MAX ((size_t)64 * 1024)

/* A descriptor, or -1: nothing there, or something else. */
static int open_mounted(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs filesystem;

	if (fd < 0)
		return -1;
	if (!fstatfs(fd, &filesystem) && filesystem.f_type == TRACEFS_MAGIC)
		return fd;
	close(fd);
	return -1;
}

static int open_detached(void)
{
	CLEANUP(file_close)
	int context = (int)syscall(SYS_fsopen, "tracefs", OPEN_CLOSE_ON_EXEC);
	int fd;

	if (context < 0 || syscall(SYS_fsconfig, context, CREATE_SUPERBLOCK, NULL, NULL, 0) < 0)
		return -errno;
	fd = (int)syscall(SYS_fsmount, context, MOUNT_CLOSE_ON_EXEC, 0);
	return fd < 0 ? -errno : fd;
}

int tracefs_open(struct error *err)
{
	int fd = open_mounted("/sys/kernel/tracing");

	if (fd < 0)
		fd = open_mounted("/sys/kernel/debug/tracing");
	if (fd < 0)
		fd = open_detached();
	if (fd == -ENODEV || fd == -ENOSYS)
		return error_set(err, -ENOENT, "%s",
				 fd == -ENODEV ? "this kernel has no tracefs" :
						 "tracefs is not mounted at "
						 "/sys/kernel/tracing");
	if (fd < 0)
		return error_set(
			err, fd,
			"tracefs is not mounted at /sys/kernel/tracing, and mounting it "
			"for ourselves failed: %s (needs CAP_SYS_ADMIN)",
			strerror(-fd));
	return fd;
}

static int read_file(int tracefs, const char *event, const char *name, struct text *into)
{
	CLEANUP(text_deinit) struct text path = { 0 };

	text_printf(&path, "events/%s/%s", event, name);
	return file_read(tracefs, text_string(&path), FORMAT_BYTES_MAX, into);
}

static bool parse_number(struct bytes id, uint16_t *ret_number)
{
	struct bytes line;
	uint64_t number;

	if (!bytes_take_line(&id, &line) || !bytes_parse_u64(line, 10, &number) ||
	    number > UINT16_MAX)
		return false;
	*ret_number = (uint16_t)number;
	return true;
}

int tracefs_read(int tracefs, const char *event, uint16_t *ret_number, struct text *format,
		 struct error *err)
{
	CLEANUP(text_deinit) struct text id = { 0 };
	int r = read_file(tracefs, event, "id", &id);

	text_clear(format);
	if (!r)
		r = read_file(tracefs, event, "format", format);
	if (!r && !parse_number((struct bytes){ text_string(&id), id.length }, ret_number))
		r = -EPROTO;
	if (r == -ENOENT)
		return error_set(err, r, "this kernel has no tracepoint %s", event);
	if (r < 0)
		return error_set(err, r, "cannot read events/%s of tracefs: %s%s", event,
				 strerror(-r),
				 r == -EACCES ? " (needs CAP_DAC_READ_SEARCH)" : "");
	return 0;
}

/* "__u8 saddr_v6[16]" → "saddr_v6" */
static struct bytes declared_name(struct bytes declaration)
{
	struct bytes word, name = { "", 0 };

	while (bytes_take_word(&declaration, &word))
		name = word;
	word = name;
	if (bytes_take_until(&word, '[', &name))
		return name;
	return word;
}

/* "	offset:40;" */
static bool take_number(struct bytes *line, const char *key, uint16_t *ret_value)
{
	struct bytes item, word, head;
	uint64_t value;

	if (!bytes_take_until(line, ';', &item) || !bytes_take_word(&item, &word) ||
	    !bytes_take_until(&word, ':', &head) || !bytes_equal(head, key) ||
	    !bytes_parse_u64(word, 10, &value) || value > UINT16_MAX)
		return false;
	*ret_value = (uint16_t)value;
	return true;
}

static bool parse_line(struct bytes line, struct tracefs_field *field)
{
	struct bytes key, declaration;
	uint16_t offset, size;

	if (!bytes_take_until(&line, ':', &key) || !bytes_equal(key, "\tfield") ||
	    !bytes_take_until(&line, ';', &declaration) ||
	    !bytes_equal(declared_name(declaration), field->name) ||
	    !take_number(&line, "offset", &offset) || !take_number(&line, "size", &size))
		return false;
	field->offset = offset;
	field->size = size;
	return true;
}

bool tracefs_parse_field(struct bytes format, struct tracefs_field *field)
{
	struct bytes line;

	while (bytes_take_line(&format, &line)) {
		if (parse_line(line, field))
			return true;
	}
	return false;
}
