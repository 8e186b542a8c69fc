/* Base64 (RFC 4648, 4), as YAML's !!binary has it. */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/text.h"

/* Appends what is encoded; blanks and line ends do not count. False when it is no base64. */
bool base64_decode(struct bytes encoded, struct text *into) MUST_CHECK;

/* Appends in one line, padded. */
void base64_encode(struct bytes plain, struct text *into);
