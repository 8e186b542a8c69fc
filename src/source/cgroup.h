/*
 * What the control group of a process says about who runs it: systemd unit or container.
 */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/text.h"

/*
 * Replaces `name` by what the text of /proc/<pid>/cgroup (cgroups(7)) calls the service that a
 * process belongs to: the short id (12 digits) of its container, else its systemd service,
 * such as "nginx.service". False when it is in neither, as a process of a login session.
 */
bool cgroup_parse_name(struct bytes cgroups, struct text *name) MUST_CHECK;
