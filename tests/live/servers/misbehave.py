#!/usr/bin/python3
"""A server that does to each request what its path says, and its bad worst.

    misbehave.py [ADDRESS]

Prints "port N" and "rst_port N": connections to the second are reset as soon as they are
accepted. Each connection has a thread of its own; one that is not understood is only held.
"""

import itertools
import select
import socket
import struct
import sys
import threading

RESET = struct.pack("ii", 1, 0)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
SAID = {
    "/": OK % 5 + b"hello",
    "/teapot": b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n",
    "/loop": b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n",
    "/to_file": b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
                b"Content-Length: 0\r\n\r\n",
    "/to_hang": b"HTTP/1.1 302 Found\r\nLocation: http://hang.test/\r\n"
                b"Content-Length: 0\r\n\r\n",
    "/garbage": b"\x16\x03\x01\x00 utter nonsense\r\n\r\n",
    "/chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a number\r\n",
    "/cut": OK % 1000 + b"hello",
    "/nothing": b"",
}


def hold(client):
    """Until the other side closes."""
    while client.recv(65536):
        pass


def drip(client, head=b""):
    """A byte now and then, for ever."""
    client.sendall(head)
    while not select.select([client], [], [], 0.05)[0]:
        client.sendall(b"x")


def flood(client):
    client.sendall(OK % 10_000_000_000)
    piece = bytes(1 << 16)
    while True:
        client.sendall(piece)


def refuse_at_length(client):
    """As a proxy that one has to tell a password."""
    client.sendall(b"HTTP/1.1 407 Who?\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        client.sendall(bytes(1 << 16))


def headers(client):
    client.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in itertools.count():
        client.sendall(b"X-%d: %s\r\n" % (number, b"x" * 1000))


def reset_midway(client):
    client.sendall(OK % 1000 + b"hello")
    reset(client)


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


DONE = {
    "/silent": hold,
    "/drip": lambda client: drip(client, OK % 1_000_000),
    "/drip_status": lambda client: drip(client, b"HTTP/1.1 2"),
    "/flood": flood,
    "/headers": headers,
    "CONNECT": refuse_at_length,
    "/reset": reset,
    "/reset_midway": reset_midway,
}


def serve(client):
    with client:
        try:
            request = client.recv(65536)
            words = request.split()
            is_http = len(words) > 1 and words[1].startswith(b"/")
            path = words[1].decode("ascii", "replace") if is_http else "/silent"
            if words[:1] == [b"CONNECT"]:
                path = "CONNECT"
            DONE.get(path, lambda client: client.sendall(SAID.get(path, SAID["/teapot"])))(client)
        except OSError:
            pass


def accept(listener, then):
    while True:
        client = listener.accept()[0]
        threading.Thread(target=then, args=(client,), daemon=True).start()


def reset_at_once(client):
    with client:
        reset(client)


def main():
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    for name, then in (("port", serve), ("rst_port", reset_at_once)):
        listener = socket.create_server((address, 0), backlog=1024)
        print(name, listener.getsockname()[1], flush=True)
        threading.Thread(target=accept, args=(listener, then), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
