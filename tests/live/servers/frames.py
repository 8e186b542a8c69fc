#!/usr/bin/python3
"""HTTP/2 servers that never come to the point (RFC 9113): small frames, one after the other.

    frames.py CERTIFICATE KEY

Prints "port NAME N" for each, then "ready". Each connection has a thread of its own.
"""

import contextlib
import socket
import ssl
import struct
import sys
import threading

DATA, HEADERS, PRIORITY, SETTINGS, PING, GOAWAY, WINDOW, UNKNOWN = 0, 1, 2, 4, 6, 7, 8, 0x77
ACK, END_OF_HEADERS, PADDED = 1, 4, 8
OK = b"\x88"  # ":status 200" (RFC 7541)


def frame(kind, flags=0, stream=0, content=b""):
    return (struct.pack("!I", len(content))[1:] + bytes([kind, flags])
            + struct.pack("!I", stream) + content)


ANSWER = frame(HEADERS, END_OF_HEADERS, 1, OK)
# What comes first, and what comes then for ever.
WAYS = {
    "priority": (b"", frame(PRIORITY, 0, 3, bytes(5))),
    "window": (b"", frame(WINDOW, 0, 1, b"\0\0\0\1")),
    "ping": (b"", frame(PING, 0, 0, b"12345678")),
    "unknown": (b"", frame(UNKNOWN, 0, 0, b"x" * 100)),
    "go_away": (b"", frame(GOAWAY, 0, 0, struct.pack("!II", 2**31 - 1, 0))),
    "nothing": (ANSWER, frame(DATA, 0, 1)),
    "padding": (ANSWER, frame(DATA, PADDED, 1, b"\xff" + bytes(255))),
}


def flood(client, first, then):
    with contextlib.suppress(OSError), TLS.wrap_socket(client, server_side=True) as secured:
        secured.sendall(frame(SETTINGS))
        secured.recv(65536)
        secured.sendall(frame(SETTINGS, ACK) + first)
        while True:
            secured.sendall(then * 1000)
    client.close()


def accept(listener, way):
    while True:
        client = listener.accept()[0]
        threading.Thread(target=flood, args=(client, *way), daemon=True).start()


TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
TLS.load_cert_chain(*sys.argv[1:3])
TLS.set_alpn_protocols(["h2"])
for name, way in WAYS.items():
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print("port", name, listener.getsockname()[1], flush=True)
    threading.Thread(target=accept, args=(listener, way), daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
