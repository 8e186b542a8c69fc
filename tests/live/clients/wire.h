/*
 * What hold.c and serve.c agree on: the first byte tells the server what to do.
 */
#pragma once

enum wish {
	WISH_KEEP = 'k', /* keep it open, never read again */
	WISH_CLOSE = 'c', /* close it at once */
	WISH_FIN = 'w', /* send the FIN at once, keep it, never read again */
	WISH_LATER = 'f', /* as WISH_KEEP until somebody says WISH_NOW, then send the FIN */
	WISH_NOW = 'F', /* send the FIN to all who said WISH_LATER; answered with one byte */
	WISH_END = 'e', /* close it when the client does */
	WISH_DATA = 'd', /* send DATA_SIZE bytes at once, then as WISH_KEEP */
	WISH_HTTP = 'G', /* the G of GET: an HTTP/1.1 request */
};

enum { DATA_SIZE = 1000 };
