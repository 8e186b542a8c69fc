"""GET /probe: whoever asks is answered in his time, and nobody stands in another one's way."""

import contextlib
import socket
import unittest

from harness import config, requires_root, ss_counts, wait_until
from namespaces import inside
from page import Page
from probing import ProbeCase

TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds"
MODULES = {"http_2xx": {"prober": "http"}}
HANG = "timeout:30 attempts:5"
PLACES = 200


def asked(path, timeout):
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n{TIMEOUT}: {timeout}\r\nConnection: close\r\n\r\n"


class Asking(ProbeCase):
    def start_exporter(self, **how):
        return self.exporter(config(modules=MODULES, discover={"enabled": False}), **how)

    def ask(self, exporter, target, timeout):
        """A client that has asked, and does not wait yet."""
        with inside(exporter.netns):
            client = socket.create_connection((exporter.host, exporter.port), 60)
        self.addCleanup(client.close)
        client.sendall(asked(f"/probe?target={target}&debug=true", timeout).encode())
        return client

    def hear(self, client):
        """(status, body)"""
        answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
        head, _, body = answer.partition("\r\n\r\n")
        return int(head.split(" ")[1]), body

    def failure(self, client):
        """The reason why the probe failed, and what is said about it."""
        status, body = self.hear(client)
        self.assertEqual(status, 200, body)
        return body.split('probe_failure_reason_info{reason="')[1].split('"')[0], body


class Clients(Asking):
    def test_those_who_leave_give_their_places_back(self):
        server = self.misbehave()
        exporter = self.start_exporter()

        def held():
            return sum(ss_counts(pid=exporter.pid, to={f"127.0.0.1:{server.port}"}).values())

        clients = [self.ask(exporter, f"http://127.0.0.1:{server.port}/silent", timeout)
                   for timeout in ("3e6", "1e300") for _ in range(PLACES // 2)]
        wait_until(lambda: held() == PLACES, "all places to be taken")
        status, body = self.hear(self.ask(exporter, f"127.0.0.1:{server.port}", 10))
        self.assertEqual((status, body), (503, "too many probes at once\n"))
        for client in clients[1:]:
            client.close()
        wait_until(lambda: held() == 1, "the probes to end")
        status, body = self.hear(self.ask(exporter, f"127.0.0.1:{server.port}", 10))
        self.assertIn("probe_success 1", body)
        clients[0].shutdown(socket.SHUT_WR)
        self.assertEqual(self.hear(clients[0]), (503, "the client has hung up\n"))

    def test_nobody_may_wait_for_longer_than_two_minutes(self):
        server = self.misbehave()
        exporter = self.start_exporter()
        for said, taken in (("3e6", 119.5), ("1e300", 119.5), ("121", 119.5), ("100", 99.5)):
            _, body = self.hear(self.ask(exporter, f"127.0.0.1:{server.port}", said))
            samples = body.split("Metrics that would have been returned:\n")[1]
            page = Page(samples.split("\n\n")[0].encode() + b"\n")
            self.assertEqual(page.value("probe_timeout_seconds"), taken)


@requires_root
class Names(Asking):
    def test_names_that_hang_take_nobodys_time(self):
        netns, _, script = self.name_server(options=HANG)
        exporter = self.start_exporter(netns=netns, binary=script)
        found = []
        for batch in range(4):
            clients = [self.ask(exporter, f"http://hang{batch}x{number}.test/", 1)
                       for number in range(PLACES - 10)]
            found.append([self.failure(client) for client in clients])
        self.assertIn("dns_timeout", {reason for reason, _ in found[0]})
        self.assertLessEqual({reason for answers in found for reason, _ in answers},
                             {"dns_timeout", "other"})
        # By then all threads hang, and none looks a name up any more.
        for reason, body in found[-1]:
            self.assertEqual(reason, "other")
            self.assertIn('waited_for="a thread that looks names up"', body)


if __name__ == "__main__":
    unittest.main()
