#include "source/socket.h"

#include <stdlib.h>

#include "base/memory.h"

void socket_rows_deinit(struct socket_rows *rows)
{
	free(rows->items);
	*rows = (struct socket_rows){ 0 };
}

void socket_rows_append(struct socket_rows *rows, const struct socket_row *row)
{
	rows->items = memory_grow(rows->items, &rows->capacity, rows->count + 1,
				  sizeof(*rows->items));
	rows->items[rows->count++] = *row;
}
