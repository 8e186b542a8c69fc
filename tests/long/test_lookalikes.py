"""What looks like a leak and is none, for minutes: the numbers are those of ss all the time.

A pool that is full and silent, one whose server closes on it, clients that come and go in
batches, and a server that restarts: verdicts will have to leave all of them alone; this checks
the numbers that they will stand on.
"""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "live"))

from harness import LiveCase, config, target  # noqa: E402

SECONDS = float(os.environ.get("LOOKALIKE_SECONDS", 120))


def owned(counts):
    """Without what was closed and waits in the kernel: ss names no pid for it."""
    return {key: count for key, count in counts.items() if key[1] in ("established", "close_wait")}


class LookAlikes(LiveCase):
    def test_numbers_hold_for_minutes(self):
        server = self.serve()
        pool = self.hold(f"{server.address} established=50")
        stale = self.hold(f"{server.address} established=5 close_wait=10")
        batch = self.hold(f"{server.address} established=1")
        exporter = self.exporter(config(target("pool", pid=pool.pid),
                                        target("stale", pid=stale.pid),
                                        target("batch", pid=batch.pid),
                                        target("server", pid=server.pid)))
        pids = {"pool": pool.pid, "stale": stale.pid, "batch": batch.pid}
        start, size = time.monotonic(), 1
        while time.monotonic() - start < SECONDS:
            batch.ask("close established")
            size = size % 40 + 13
            batch.ask(f"connect {server.address} established={size}")
            server.ask("unlisten")
            server.ask("listen")
            page, expected = self.held(exporter, pids)
            self.assertEqual({name: owned(page.connections(name)) for name in pids}, expected)
            self.assertEqual(page.connections("server"), {})


if __name__ == "__main__":
    import unittest
    unittest.main()
