#!/usr/bin/python3
"""Servers that talk first, or not at all: one port for each way to hold a conversation.

    converse.py CERTIFICATE KEY

Prints "ports NAME=N …". Each connection has a thread of its own.
"""

import select
import socket
import ssl
import struct
import sys
import threading

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
TLS.load_cert_chain(sys.argv[1], sys.argv[2])
RESET = struct.pack("ii", 1, 0)


def hold(client):
    """Until the other side closes."""
    while client.recv(65536):
        pass


def line(client):
    """The next line, byte by byte, for what comes after it may be TLS."""
    found = b""
    while not found.endswith(b"\n"):
        byte = client.recv(1)
        if not byte:
            raise OSError("closed")
        found += byte
    return found


def banner(client):
    client.sendall(b"SSH-2.0-OpenSSH_9.2 converse\r\n")
    hold(client)


def pieces(client):
    """The same, as slowly as can be."""
    for byte in b"SSH-2.0-pieces\r\n":
        client.sendall(bytes([byte]))
        select.select([], [], [], 0.01)
    hold(client)


def smtp(client):
    client.sendall(b"220-welcome to\r\n220 mail.test ESMTP\r\n")
    while True:
        said = line(client)
        if said.startswith(b"EHLO"):
            client.sendall(b"250-mail.test\r\n250-STARTTLS\r\n250 HELP\r\n")
        elif said == b"STARTTLS\n":
            client.sendall(b"220 go ahead\r\n")
            client = TLS.wrap_socket(client, server_side=True)
        elif said == b"QUIT\n":
            client.sendall(b"221 bye\r\n")
            return
        else:
            client.sendall(b"500 what?\r\n")


def irc(client):
    line(client)
    line(client)
    client.sendall(b":x NOTICE * :hello\r\nPING :d3adb33f\r\n")
    if line(client) == b"PONG d3adb33f\n":
        client.sendall(b":irc.test 001 prober :Welcome\r\n")
    hold(client)


def imaps(client):
    with TLS.wrap_socket(client, server_side=True) as secured:
        secured.sendall(b"* OK IMAP4 ready\r\n")
        hold(secured)


def drip(client):
    while not select.select([client], [], [], 0.02)[0]:
        client.sendall(b"x")


def flood(client):
    while True:
        client.sendall(b"no\n" * 20000)


def long_line(client):
    client.sendall(b"x" * 70000 + b"\nSSH-2.0\n")
    hold(client)


def refuse(client):
    client.sendall(b"554 go away\r\n")


def wrong(client):
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    hold(client)


def close(_):
    pass


def deaf(client):
    """Hears the other one out, for who closes before that resets."""
    client.recv(65536)


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def last_words(client):
    """No newline ends it but that of the connection."""
    client.sendall(b"SSH-2.0-last")


WAYS = [hold, banner, pieces, smtp, irc, imaps, drip, flood, long_line, refuse, wrong, close,
        deaf, reset, last_words]


def serve(client, way):
    try:
        way(client)
    except (OSError, ssl.SSLError):
        pass
    client.close()


def listen(way):
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    def loop():
        while True:
            client = listener.accept()[0]
            threading.Thread(target=serve, args=(client, way), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    return listener.getsockname()[1]


print("ports", *(f"{way.__name__}={listen(way)}" for way in WAYS), flush=True)
threading.Event().wait()
