#!/usr/bin/python3
"""Servers that talk over TCP as the prober `tcp` expects, and proxies for the prober `http`.

    talk.py CERTIFICATE KEY

Prints "NAME PORT" for each of TALKS, then "ready". Each connection has a thread of its own.
"""

import contextlib
import socket
import ssl
import sys
import threading

DEADLINE = 10  # seconds that a connection may stand still


class Line:
    """A connection that speaks in lines."""

    def __init__(self, client):
        self.socket = client
        self.read = client.makefile("rb")

    def say(self, text):
        self.socket.sendall(text.encode("latin-1"))

    def hear(self):
        """The next line, without its end; ends the connection when there is none."""
        heard = self.read.readline(65536)
        if not heard.endswith(b"\n"):
            raise ConnectionError
        return heard.strip().decode("latin-1")

    def encrypt(self):
        self.__init__(TLS.wrap_socket(self.socket, server_side=True))


def hold(line):
    """Until the other side closes."""
    while line.read.read1(65536):
        pass


def echo(line):
    """A banner, then each line comes back."""
    line.say("220 talk.test ready, version 1.2.3\r\n")
    while True:
        line.say(f"250 you said {line.hear()}\r\n")


def irc(line):
    """The PING that blackbox_exporter's own example answers."""
    line.hear()
    line.hear()
    line.say("NOTICE AUTH :*** Looking up your hostname\r\nPING :4711\r\n")
    known = line.hear() == "PONG 4711"
    line.say(f":talk.test {'001 welcome' if known else '433 no'}\r\n")
    hold(line)


def smtp(line):
    line.say("220 mail.test ESMTP\r\n")
    while True:
        word = line.hear().split(" ")[0].upper()
        if word == "EHLO":
            line.say("250-mail.test\r\n250-STARTTLS\r\n250 HELP\r\n")
        elif word == "STARTTLS":
            line.say("220 go ahead\r\n")
            line.encrypt()
        elif word == "QUIT":
            line.say("221 bye\r\n")
            return
        else:
            line.say("500 what?\r\n")


def no_starttls(line):
    line.say("220 mail.test ESMTP\r\n")
    line.hear()
    line.say("250 HELP\r\n")
    line.hear()
    line.say("502 not here\r\n")
    hold(line)


def pop3s(line):
    line.encrypt()
    line.say("+OK ready\r\n")
    hold(line)


def half_a_line(line):
    line.say("SSH-2.0-half")
    hold(line)


def half_a_line_and_end(line):
    line.say("SSH-2.0-half")


def many_lines(line):
    """A hundred lines that nobody asked for, and the one that was."""
    line.say("nothing to see\n" * 100 + "SSH-2.0-late\n")
    hold(line)


def wide(line):
    """A line that is longer than anybody should read."""
    line.say("x" * 70_000 + "\nSSH-2.0-wide\n")
    hold(line)


def http_1_0(line):
    """Without a length: the end of the connection is the end of the body."""
    while line.hear():
        pass
    line.say("HTTP/1.0 200 OK\r\nLast-Modified: not a date\r\nX-Two: first\r\n"
             "X-Two: second\r\n\r\nold but well\n")


def pump(source, sink):
    with contextlib.suppress(OSError):
        while True:
            piece = source.recv(65536)
            if not piece:
                break
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)


def relay(line, server):
    back = threading.Thread(target=pump, args=(server, line.socket), daemon=True)
    back.start()
    pump(line.socket, server)
    back.join(DEADLINE)


def read_head(line):
    words, headers = line.hear().split(" "), {}
    while True:
        header = line.hear()
        if not header:
            return words, headers
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()


def proxy(line, must_pass=False):
    """CONNECT, and plain forwarding of requests without a body."""
    words, headers = read_head(line)
    if words[0] == "CONNECT":
        if must_pass and headers.get("x-pass") != "let me in":
            line.say("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        host, _, port = words[1].rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), DEADLINE) as server:
            line.say("HTTP/1.1 200 Connection established\r\n\r\n")
            relay(line, server)
        return
    _, _, rest = words[1].partition("://")
    authority, slash, path = rest.partition("/")
    host, _, port = authority.rpartition(":")
    kept = "".join(f"{name}: {value}\r\n" for name, value in headers.items()
                   if not name.startswith(("connection", "proxy-")))
    with socket.create_connection((host.strip("[]"), int(port)), DEADLINE) as server:
        server.sendall(f"{words[0]} {slash}{path} HTTP/1.1\r\n{kept}Via: 1.1 talk\r\n"
                       "Connection: close\r\n\r\n".encode("latin-1"))
        pump(server, line.socket)


def password_proxy(line):
    line.say("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n"
             'Proxy-Authenticate: Basic realm="talk"\r\n\r\n')


TALKS = {"echo": echo, "irc": irc, "smtp": smtp, "no_starttls": no_starttls, "pop3s": pop3s,
         "silent": hold, "closes": lambda line: None, "half": half_a_line,
         "half_and_end": half_a_line_and_end, "many": many_lines, "wide": wide,
         "http_1_0": http_1_0,
         "proxy": proxy, "pass_proxy": lambda line: proxy(line, True),
         "password_proxy": password_proxy}
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def converse(client, talk):
    client.settimeout(DEADLINE)
    line = Line(client)
    with contextlib.suppress(OSError):
        talk(line)
        line.socket.shutdown(socket.SHUT_RDWR)
    line.read.close()
    line.socket.close()


def accept(listener, talk):
    while True:
        client = listener.accept()[0]
        threading.Thread(target=converse, args=(client, talk), daemon=True).start()


def main():
    TLS.load_cert_chain(*sys.argv[1:3])
    for name, talk in TALKS.items():
        # Proxies are somewhere else, so that one sees whose address is told.
        ip = "127.0.0.2" if name.endswith("proxy") else "127.0.0.1"
        listener = socket.create_server((ip, 0), backlog=128)
        print(name, listener.getsockname()[1], flush=True)
        threading.Thread(target=accept, args=(listener, talk), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
