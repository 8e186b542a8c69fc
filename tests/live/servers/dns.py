#!/usr/bin/python3
"""A name server on port 53 of one address, by UDP and TCP, that does what the name asks for.

    dns.py 127.0.0.53 good=127.0.0.1 good=::1

Names begin with a word: `hang...` is never answered, `missing...` does not exist, `broken...` is
a server failure, `big...` is truncated by UDP and `good` by TCP, and the words of the command line
have the addresses given there. Prints "ready"; for each question a line "asked NAME".
"""

import collections
import ipaddress
import socket
import struct
import sys
import threading

NOERROR, SERVFAIL, NXDOMAIN, TRUNCATED = 0, 2, 3, 0x200
A, AAAA = 1, 28


def question(packet):
    """(name, type, the bytes of the question) of a query with one question."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii", "replace"))
        at += 1 + packet[at]
    kind, = struct.unpack_from("!H", packet, at + 1)
    return ".".join(labels), kind, packet[12:at + 5]


def answer(packet, code, kind, asked, addresses):
    found = [address.packed for address in addresses
             if (A if address.version == 4 else AAAA) == kind]
    head = packet[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(found), 0, 0)
    return head + asked + b"".join(struct.pack("!HHHIH", 0xc00c, kind, 1, 0, len(data)) + data
                                   for data in found)


def reply(packet, book, tcp):
    """What to answer; None: nothing."""
    name, kind, asked = question(packet)
    print("asked", name, flush=True)
    if name.startswith("hang"):
        return None
    word = name.split(".")[0]
    if name.startswith("big"):
        word, code = "good", NOERROR if tcp else TRUNCATED
    else:
        code = SERVFAIL if name.startswith("broken") else NOERROR if word in book else NXDOMAIN
    return answer(packet, code, kind, asked, book[word] if code == NOERROR else [])


def serve_tcp(listener, book):
    """One client after the other, each with as many questions as it likes."""
    while True:
        client, _ = listener.accept()
        with client, client.makefile("rb") as questions:
            while length := questions.read(2):
                answered = reply(questions.read(*struct.unpack("!H", length)), book, True)
                if answered:
                    client.sendall(struct.pack("!H", len(answered)) + answered)


def main():
    book = collections.defaultdict(list)
    for entry in sys.argv[2:]:
        word, address = entry.split("=")
        book[word].append(ipaddress.ip_address(address))
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], 53))
    listener = socket.create_server((sys.argv[1], 53))
    threading.Thread(target=serve_tcp, args=(listener, book), daemon=True).start()
    print("ready", flush=True)
    while True:
        packet, client = server.recvfrom(4096)
        answered = reply(packet, book, False)
        if answered:
            server.sendto(answered, client)


if __name__ == "__main__":
    main()
