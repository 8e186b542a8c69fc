"""Many exporters at once, as on many hosts: each tells its own story and ends cleanly."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "live"))

from harness import LiveCase, config, ss_counts, target  # noqa: E402

EXPORTERS = int(os.environ.get("FLEET", 20))
ROUNDS = 5


class Fleet(LiveCase):
    def test_each_tells_its_own_story(self):
        server = self.serve()
        holders = [self.hold(f"{server.address} established={n}")
                   for n in range(1, EXPORTERS + 1)]
        fleet = [self.exporter(config(target("t", pid=holder.pid),
                                      collect={"interval": "1s"})) for holder in holders]
        for _ in range(ROUNDS):
            for holder, exporter in zip(holders, fleet):
                page = exporter.scrape()
                self.assertEqual(page.connections("t"), ss_counts(pid=holder.pid))
                self.assertEqual(page.value("outbound_target_up", target="t"), 1)


if __name__ == "__main__":
    import unittest
    unittest.main()
