"""GET /probe in a crowd: over reloads and the end, with clients that go away."""

import contextlib
import http.client
import pathlib
import re
import signal
import socket
import threading
import unittest
import urllib.parse

from harness import LiveCase, config, wait_until

LIMIT = 200  # that wait at once


class Gate(threading.Thread):
    """A web server that answers nobody until it is told to; then with this status."""

    def __init__(self, status="200 OK"):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
        self.waiting, self.lock = [], threading.Lock()
        self.is_open = False
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                self.take(self.listener.accept()[0])

    def take(self, client):
        with self.lock:
            self.waiting.append(client)
            if self.is_open:
                self.say(client)

    def say(self, client):
        with contextlib.suppress(OSError):
            client.sendall(self.answer)

    def open(self):
        with self.lock:
            self.is_open = True
            for client in self.waiting:
                self.say(client)

    def wait(self, count):
        wait_until(lambda: len(self.waiting) >= count, lambda: f"{len(self.waiting)} to wait")


class Asked:
    """A request for a probe, which is read only when somebody wants to know."""

    def __init__(self, exporter, url, module="http_2xx"):
        target = url if module == "http_2xx" else url.split("/")[2]
        query = urllib.parse.urlencode({"target": target, "module": module})
        self.connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=20)
        self.connection.request("GET", f"/probe?{query}")

    def answer(self):
        """(status, text)."""
        with contextlib.closing(self.connection):
            answer = self.connection.getresponse()
            return answer.status, answer.read().decode()

    def success(self):
        """The status, and the value of probe_success where there is one."""
        status, text = self.answer()
        found = re.search(r"^probe_success (\d)$", text, re.M)
        return status, int(found[1]) if found else text.strip()


def modules(codes=None):
    http = {"valid_status_codes": codes} if codes else {}
    return config(modules={"http_2xx": {"prober": "http", "timeout": "15s", "http": http},
                           "silent": {"prober": "tcp", "timeout": "15s", "tcp": {
                               "query_response": [{"expect": "never"}]}}},
                  discover={"enabled": False})


class Crowd(LiveCase):
    def setUp(self):
        super().setUp()
        self.gate = Gate()
        self.exported = self.exporter(modules(), "--web.enable-lifecycle")

    def ask(self, count, gate=None, **how):
        asked = [Asked(self.exported, (gate or self.gate).url, **how) for _ in range(count)]
        for one in asked:
            self.addCleanup(one.connection.close)
        return asked

    def descriptors(self):
        return len(list(pathlib.Path(f"/proc/{self.exported.pid}/fd").iterdir()))

    def test_reloads_change_nothing_for_those_under_way(self):
        """Each is judged by the module that it was asked with."""
        before = self.ask(100)
        self.gate.wait(100)
        self.exported.configure(modules([404]))
        self.exported.signal(signal.SIGHUP)
        wait_until(lambda: self.exported.log().count("Loaded config file") == 2, "a reload")
        after = self.ask(20)
        self.gate.wait(120)
        for _ in range(3):
            self.assertEqual(self.exported.get("/-/reload", "POST")[0], 200)
        self.gate.open()
        self.assertEqual([one.success() for one in before], [(200, 1)] * 100)
        self.assertEqual([one.success() for one in after], [(200, 0)] * 20)
        # One without the module does not take it away from who has it.
        gate = Gate()
        last = self.ask(10, gate)
        gate.wait(10)
        self.exported.configure(config(discover={"enabled": False}))
        self.assertEqual(self.exported.get("/-/reload", "POST")[0], 200)
        self.assertEqual(self.ask(1, gate)[0].answer()[0], 403)
        gate.open()
        self.assertEqual([one.success() for one in last], [(200, 0)] * 10)

    def test_the_end_is_told_to_all(self):
        """None of these would have been over by itself."""
        asked = self.ask(90) + self.ask(10, module="silent")
        self.gate.wait(100)
        self.assertEqual(self.exported.stop(), 0)
        found = [one.answer() for one in asked]
        self.assertEqual(found, [(503, "the exporter is stopping\n")] * 100)

    def test_a_reload_and_the_end_at_once(self):
        asked = self.ask(100)
        self.gate.wait(100)
        for _ in range(5):
            self.exported.signal(signal.SIGHUP)
        self.assertEqual(self.exported.stop(), 0)
        self.assertEqual({one.answer()[0] for one in asked}, {503})

    def test_clients_that_go_away(self):
        """They hurt nobody, and leave nothing behind."""
        self.ask(1)[0].connection.close()
        self.gate.wait(1)
        idle = self.descriptors()
        gone, kept = self.ask(100), self.ask(50)
        self.gate.wait(151)
        for one in gone:
            one.connection.close()
        self.assertEqual(self.exported.get("/-/healthy")[0], 200)
        self.gate.open()
        self.assertEqual([one.success() for one in kept], [(200, 1)] * 50)
        wait_until(lambda: self.descriptors() <= idle,
                   lambda: f"{self.descriptors()} descriptors, {idle} before")
        # Their places are free again.
        self.assertEqual([one.success() for one in self.ask(LIMIT)], [(200, 1)] * LIMIT)

    def test_more_than_can_wait(self):
        asked = self.ask(300)
        self.gate.wait(LIMIT)
        # Scrapes, and who asks nothing of that kind, are answered meanwhile.
        self.exported.wait_tick()
        self.assertEqual(self.exported.get("/-/ready")[0], 200)
        refused = self.ask(1)[0].answer()
        self.assertEqual(refused, (503, "too many probes at once\n"))
        self.assertEqual(len(self.gate.waiting), LIMIT)
        self.gate.open()
        found = [one.success() for one in asked]
        self.assertEqual(found.count((200, 1)), LIMIT)
        self.assertEqual(found.count((503, "too many probes at once")), 100)


if __name__ == "__main__":
    unittest.main()
