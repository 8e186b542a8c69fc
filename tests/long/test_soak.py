"""Minutes of churn: what the exporter holds does not grow, and what it says stays right.

A client holds still while others open and close connections all the time, processes come and go,
scrapers ask in both formats, and the configuration is loaded again and again.
"""

import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "live"))

from harness import LiveCase, config, ss_counts, target, wait_until  # noqa: E402

SECONDS = float(os.environ.get("SOAK_SECONDS", 180))
WARM_UP = 20  # seconds in which tables reach their size
GROWTH = 2 * 1024 * 1024  # bytes of resident memory that are no trend
OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0", "Accept-Encoding": "gzip"}


class Soak(LiveCase):
    def setUp(self):
        super().setUp()
        server = self.serve()
        self.holder = self.hold(f"{server.address} established=200 close_wait=20")
        self.churn(self.serve(), 200)
        self.watcher = self.exporter(config(
            target("held", pid=self.holder.pid), target("churn", cmdline="churn\\.py"),
            destinations=[{"name": "held-server", "address": "127.0.0.1", "port": server.port,
                           "probe": {"url": server.url, "interval": "100ms",
                                     "timeout": "100ms"}}]))
        self.expected = {("held-server", state): count for (_, state), count
                         in ss_counts(pid=self.holder.pid).items()}

    def fds(self):
        return len(os.listdir(f"/proc/{self.watcher.pid}/fd"))

    def one_round(self, number):
        page = self.watcher.wait_tick()
        self.assertEqual(page.connections("held"), self.expected)
        self.assertEqual(self.watcher.get("/metrics", headers=OPENMETRICS)[0], 200)
        self.start(["/bin/sleep", "1"])
        if number % 10 == 0:
            os.kill(self.watcher.pid, signal.SIGHUP)
        return page.value("process_resident_memory_bytes")

    def test_minutes_of_churn(self):
        start = time.monotonic()
        warm, last, number = None, 0, 0
        while time.monotonic() - start < SECONDS:
            last = self.one_round(number)
            number += 1
            if warm is None and time.monotonic() - start > WARM_UP:
                warm, fds = last, self.fds()
        self.assertLess(last - warm, GROWTH, f"resident memory from {warm} to {last}")
        # A probe or a scrape that is under way has a descriptor or two.
        wait_until(lambda: self.fds() <= fds + 8, lambda: f"{fds} descriptors, now {self.fds()}")
        print(f"# {number} rounds, resident {warm:.0f} then {last:.0f} bytes", flush=True)


if __name__ == "__main__":
    import unittest
    unittest.main()
