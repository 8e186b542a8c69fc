/* A module as text, for people: what is in effect, with the defaults. */
#pragma once

#include "base/text.h"
#include "config/module.h"

/*
 * Appends the module as YAML in blackbox_exporter's words, without its name and without the
 * sections of other probers. Each secret is "<secret>"; but for that it would load again and
 * be the same.
 */
void dump_module(const struct module_config *module, struct text *text);
