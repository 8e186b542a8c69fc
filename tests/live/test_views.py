"""Probes from inside a target: its network namespace, its hosts file, its name servers."""

import contextlib
import ctypes
import os
import signal
import subprocess
import unittest

from harness import (CLIENTS, EXPORTER, Exporter, LiveCase, config, requires, requires_root,
                     ss_counts, target, tool, wait_until)
from probing import PYTHON, SERVERS, ProbeCase

EVERYTHING = "cap_sys_ptrace,cap_dac_read_search,cap_sys_admin"
UP = "outbound_probe_view_up"
SUCCESS = "outbound_probe_success"
TOTAL = "outbound_probes_total"
FAILED = "outbound_probes_failed_total"
INSIDE = {"target": "boxed"}
MNT_DETACH = 2


def seen_from(*places, url, interval="500ms", timeout="400ms", name="server"):
    """A destination that is probed from these places; `boxed` is the target."""
    probe = {"url": url, "interval": interval, "timeout": timeout, "from": list(places)}
    if "target" in places:
        probe["targets"] = ["boxed"]
    return {"name": name, "address": "192.0.2.1", "probe": probe}


@contextlib.contextmanager
def hanging(directory):
    """A file system that nobody serves is mounted there (fuse(4)): who looks waits."""
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0"
    if libc.mount(b"hangs", bytes(directory), b"fuse", 0, options.encode()):
        os.close(device)
        raise unittest.SkipTest(f"fuse: {os.strerror(ctypes.get_errno())}")
    try:
        yield
    finally:
        os.close(device)
        libc.umount2(bytes(directory), MNT_DETACH)


class ViewCase(ProbeCase):
    """Namespaces `home`, where the exporter runs, and `box`, both with a way to `there`."""

    def setUp(self):
        super().setUp()
        self.home, self.box, self.there = self.netns(), self.netns(), self.netns()
        self.home.link(self.there, 1)
        self.box.link(self.there, 2)
        for netns, number, other in ((self.home, 1, 2), (self.box, 2, 1)):
            self.ip(netns, "route", "add", f"10.63.{other}.0/24", "via", f"10.63.{number}.2")
        self.server = self.serve("10.63.1.2", netns=self.there)

    def ip(self, netns, *words):
        subprocess.run(["nsenter", f"--net=/run/netns/{netns}", "ip", *words], check=True)

    def rooted(self, netns=None, **files):
        """A process in `box` whose root has these files below etc, such as hosts="...".

        Of each, None: a FIFO; a tuple: a link to there.
        """
        root = self.dir / "root"
        (root / "etc").mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            self.put(name, content)
        process = self.start([PYTHON, CLIENTS / "rooted.py", root], netns=netns or self.box)
        process.expect("ready")
        return process

    def put(self, name, content):
        path = self.dir / "root" / "etc" / name.replace("_", ".")
        path.unlink(missing_ok=True)
        if content is None:
            os.mkfifo(path)
        elif isinstance(content, tuple):
            path.symlink_to(content[0])
        else:
            path.write_text(content)

    def dns(self, *entries, address="127.0.0.53"):
        """servers/dns.py inside of the box."""
        server = self.start([PYTHON, SERVERS / "dns.py", address, *entries], netns=self.box)
        server.expect("ready")
        return server

    def probing(self, process, *destinations, **how):
        text = config(target("boxed", pid=process.pid), destinations=destinations,
                      discover={"enabled": False})
        return self.exporter(text, netns=how.pop("netns", self.home), **how)

    def wait_reason(self, exporter, reason, name="server", **labels):
        """Waits until a probe fails for this reason."""
        return exporter.wait_for(
            lambda page: page.get_value(FAILED, destination=name, reason=reason, **labels),
            f"{name} {labels} to fail: {reason}")

    def wait_success(self, exporter, name="server", **labels):
        return exporter.wait_value(SUCCESS, 1, destination=name, **labels)


@requires_root
@requires("nft")
class Egress(ViewCase):
    """A rule for what leaves the box is seen from the box, and only from there."""

    def check(self, rule, reason):
        process = self.start(["/bin/sleep", "1000"], netns=self.box)
        exporter = self.probing(process, seen_from("host", "target", url=self.server.url))
        page = self.wait_success(exporter, **INSIDE)
        self.assertEqual(page.value(UP, destination="server", **INSIDE), 1)
        self.box.nft("add table inet egress\n"
                     "add chain inet egress out { type filter hook output priority 0; }\n"
                     f"add rule inet egress out tcp dport {self.server.port} {rule}\n")
        page = self.wait_reason(exporter, reason, **INSIDE)
        runs = page.value(TOTAL, destination="server")
        page = exporter.wait_for(lambda page: page.value(TOTAL, destination="server") > runs + 1
                                 and page.value(SUCCESS, destination="server", **INSIDE) == 0,
                                 "both to go on")
        self.assertEqual(page.value(SUCCESS, destination="server"), 1)
        self.assertEqual({labels["reason"] for labels, count in
                          page.series(FAILED, destination="server", target="boxed")
                          if count}, {reason})
        self.assertEqual([labels for labels, count in
                          page.series(FAILED, destination="server")
                          if count and "target" not in labels], [])
        self.box.nft("delete table inet egress\n")
        self.wait_success(exporter, **INSIDE)

    def test_dropped(self):
        self.check("drop", "connect_timeout")

    def test_refused(self):
        self.check("reject with tcp reset", "refused")

    def test_unreachable(self):
        self.check("reject with icmpx type host-unreachable", "unreachable")


@requires_root
class Names(ViewCase):
    """Names are the target's: its files below its root, its name servers in its namespace."""

    def test_its_own_name_server(self):
        process = self.rooted(resolv_conf="nameserver 127.0.0.53\nsearch corp.example\n")
        dns = self.dns("good=10.63.1.2")
        port = self.server.port
        exporter = self.probing(
            process, seen_from("host", "target", url=f"http://good:{port}/", name="short"),
            seen_from("target", url=f"http://missing.example:{port}/", name="missing"),
            seen_from("target", url=f"http://broken.example:{port}/", name="broken"),
            seen_from("target", url=f"http://hang.example:{port}/", name="hang"),
            seen_from("target", url=f"http://big.example:{port}/", name="big"))
        self.wait_success(exporter, "short", **INSIDE)
        self.wait_success(exporter, "big", **INSIDE)
        self.wait_reason(exporter, "dns_not_found", "missing", **INSIDE)
        self.wait_reason(exporter, "dns_failed", "broken", **INSIDE)
        self.wait_reason(exporter, "dns_timeout", "hang", **INSIDE)
        page = exporter.scrape()
        self.assertEqual(page.get_value(SUCCESS, destination="short") or 0, 0)
        self.assertIn("asked good.corp.example", {dns.line() for _ in range(20)})

    def test_its_own_hosts(self):
        process = self.rooted(hosts="10.63.1.2 db.internal\n")
        exporter = self.probing(process, seen_from("target", "host",
                                url=f"http://db.internal:{self.server.port}/"))
        page = self.wait_success(exporter, **INSIDE)
        self.assertEqual(page.get_value(SUCCESS, destination="server") or 0, 0)
        # Read anew for each run.
        self.put("hosts", "10.63.1.77 db.internal\n")
        self.wait_reason(exporter, "connect_timeout", **INSIDE)

    def test_localhost_is_the_targets(self):
        server = self.serve(netns=self.box)
        process = self.rooted()
        exporter = self.probing(process, seen_from("target", "host",
                                url=f"http://localhost:{server.port}/"))
        page = self.wait_success(exporter, **INSIDE)
        self.wait_reason(exporter, "refused")
        self.assertEqual(page.value(UP, destination="server", **INSIDE), 1)

    def test_links_stay_inside(self):
        """Outside, there is a name server of which the target cannot know."""
        outside = self.write("outside.conf", "nameserver 10.63.2.2\n")
        process = self.rooted(resolv_conf=(f"../../../../..{outside}",))
        inside = self.dir / "root" / str(outside)[1:]
        inside.parent.mkdir(parents=True)
        inside.write_text("nameserver 127.0.0.53\n")
        self.dns("good=10.63.1.2")
        exporter = self.probing(process, seen_from("target",
                                url=f"http://good.x:{self.server.port}/"))
        self.wait_success(exporter, **INSIDE)
        # Where the link leads to now, there is nothing: that means port 53 of localhost.
        inside.unlink()
        page = self.wait_reason(exporter, "dns_failed", **INSIDE)
        self.assertEqual(page.value(UP, destination="server", **INSIDE), 1)

    def test_a_file_that_never_ends(self):
        process = self.rooted(resolv_conf=None, hosts="10.63.1.2 known\n")
        exporter = self.probing(
            process, seen_from("target", url=f"http://known:{self.server.port}/", name="known"),
            seen_from("target", url=f"http://good.x:{self.server.port}/"))
        self.wait_reason(exporter, "other", **INSIDE)
        self.wait_success(exporter, "known", **INSIDE)
        self.assert_keeps_cadence_inside(exporter, "known")

    @unittest.skipUnless(os.path.exists("/dev/fuse"), "needs /dev/fuse")
    def test_a_file_system_that_hangs(self):
        """The target's own, below its etc, whose server never answers: nobody else waits."""
        process = self.rooted()
        with hanging(self.dir / "root" / "etc"):
            exporter = self.probing(
                process, seen_from("target", "host", url=f"http://good.x:{self.server.port}/"),
                seen_from("host", url=self.server.url, name="good"))
            page = exporter.wait_for(
                lambda page: (page.get_value(FAILED, destination="server", reason="other",
                                             **INSIDE) or 0) >= 5, "five to hang")
            page = self.assert_keeps_cadence(exporter, "good", 5)
            self.assertEqual(page.value(SUCCESS, destination="good"), 1)
            threads = page.value("outbound_exporter_resolver_threads")
            self.assertGreaterEqual(threads, 1)
            self.assertLess(threads, 4)

    def assert_keeps_cadence_inside(self, exporter, name):
        labels = {"destination": name, **INSIDE}
        before = exporter.scrape()
        page = exporter.wait_for(lambda page: page.value(TOTAL, **labels)
                                 >= before.value(TOTAL, **labels) + 5, "five more runs")
        self.assertLess(page.value("outbound_probes_missed_total", **labels)
                        - before.value("outbound_probes_missed_total", **labels), 5)


@requires_root
class Comings(ViewCase):
    def test_the_target_dies_and_comes_back(self):
        pid_file = self.write("pid", "")
        process = self.start(["/bin/sleep", "1000"], netns=self.box)
        pid_file.write_text(f"{process.pid}\n")
        stuck = self.misbehave(netns=self.box)
        url = f"http://127.0.0.1:{stuck.port}/silent"
        text = config(target("boxed", pid_file=str(pid_file)), discover={"enabled": False},
                      destinations=[seen_from("target", url=url, interval="30s",
                                              timeout="30s", name="stuck"),
                                    seen_from("target", url=self.server.url)])
        exporter = self.exporter(text, netns=self.home)
        self.wait_success(exporter, **INSIDE)
        wait_until(lambda: ss_counts(pid=exporter.pid, netns=self.box,
                                     to={f"127.0.0.1:{stuck.port}"}), "the stuck one")
        process.stop(signal.SIGKILL)
        page = self.wait_reason(exporter, "canceled", "stuck", **INSIDE)
        page = exporter.wait_value(UP, 0, destination="server", **INSIDE)
        self.assertEqual(page.value("outbound_target_up", target="boxed"), 0)
        runs = page.value(TOTAL, destination="server", **INSIDE)
        page = exporter.wait_for(
            lambda page: page.value("outbound_probes_missed_total", destination="server",
                                    **INSIDE) >= 2, "runs that are left out")
        self.assertLessEqual(page.value(TOTAL, destination="server", **INSIDE), runs + 1)
        process = self.start(["/bin/sleep", "1000"], netns=self.box)
        pid_file.write_text(f"{process.pid}\n")
        exporter.wait_value(UP, 1, destination="server", **INSIDE)
        self.assertNotIn("cannot be taken", exporter.log())

    def test_a_reload_cancels_nothing(self):
        """The place is the same, so what is begun from there goes on being asked."""
        silent = self.misbehave("10.63.1.2", netns=self.there)
        process = self.start(["/bin/sleep", "1000"], netns=self.box)
        exporter = self.probing(process, seen_from(
            "target", url=f"http://10.63.1.2:{silent.port}/silent", interval="20s",
            timeout="20s"))
        for _ in range(4):
            wait_until(lambda: ss_counts(netns=self.box, to={f"10.63.1.2:{silent.port}"}),
                       "the probe to wait")
            ticks = exporter.scrape().value("outbound_exporter_last_tick_timestamp_seconds")
            exporter.signal(signal.SIGHUP)
            page = exporter.wait_for(lambda page: page.value(
                "outbound_exporter_last_tick_timestamp_seconds") > ticks + 0.3, "ticks")
            self.assertEqual(page.value(TOTAL, destination="server", **INSIDE), 0)

    def test_another_root_is_another_view(self):
        """As containers begin: the same process, with the root of its maker at first."""
        (self.dir / "root" / "etc").mkdir(parents=True)
        self.put("hosts", "10.63.1.2 db.internal\n")
        script = ("import os, sys, signal; sys.stdin.readline(); "
                  f"os.chroot({str(self.dir / 'root')!r}); signal.pause()")
        process = self.start([PYTHON, "-c", script], netns=self.box)
        exporter = self.probing(process, seen_from("target",
                                url=f"http://db.internal:{self.server.port}/"))
        exporter.wait_for(lambda page: page.get_value(TOTAL, destination="server", **INSIDE),
                          "a run")
        process.child.stdin.write(b"go\n")
        process.child.stdin.flush()
        self.wait_success(exporter, **INSIDE)

    def test_once(self):
        process = self.rooted(hosts="10.63.2.2 db.internal\n")
        server = self.serve("10.63.2.2", netns=self.there)
        page = self.once(config(target("boxed", pid=process.pid), discover={"enabled": False},
                                destinations=[seen_from(
                                    "target", url=f"http://db.internal:{server.port}/")]))
        self.assertEqual(page.value(SUCCESS, destination="server", **INSIDE), 1)
        self.assertEqual(page.value(UP, destination="server", **INSIDE), 1)


@requires_root
class Nobodys(ViewCase):
    """Connections of probes, inside of a target's namespace, are nobody's."""

    def test_they_are_not_counted(self):
        holder = self.hold(f"{self.server.address} established=3", netns=self.box)
        (self.dir / "root" / "etc").mkdir(parents=True)
        self.put("resolv_conf", "nameserver 127.0.0.53\noptions use-vc\n")
        rooted = self.rooted()
        self.dns("good=10.63.1.2")
        text = config(target("boxed", pid=rooted.pid), target("holder", pid=holder.pid),
                      discover={"enabled": False}, destinations=[
                          seen_from("target", url=f"http://good.x:{self.server.port}/",
                                    interval="100ms", timeout="100ms")])
        exporter = self.exporter(text, netns=self.home)
        page = exporter.wait_for(lambda page: (page.get_value(TOTAL, destination="server",
                                                              **INSIDE) or 0) >= 20, "runs")
        self.assertEqual(page.value(SUCCESS, destination="server", **INSIDE), 1)
        ours = {self.server.address, "127.0.0.53:53"}
        left = ss_counts(netns=self.box, to=ours)
        self.assertGreaterEqual(left.get((self.server.address, "time_wait"), 0)
                                + left.get(("127.0.0.53:53", "time_wait"), 0), 10)
        page = exporter.wait_tick()
        self.assertEqual(page.unowned(to=ours), {})
        self.assertEqual(page.connections("boxed"), {})
        self.assertEqual(page.connections("holder"), {(self.server.address, "established"): 3})


@requires_root
@requires("setcap")
class Rights(LiveCase):
    """The exporter runs as nobody, with capabilities of its file."""

    def setUp(self):
        super().setUp()
        self.box = self.netns()
        self.server = self.serve(netns=self.box)
        self.process = self.start(["/bin/sleep", "1000"], netns=self.box)

    def look(self, capabilities, process=None, server=None):
        binary = self.copy(EXPORTER, f"exporter-{capabilities or 'bare'}")
        if capabilities:
            subprocess.run([tool("setcap"), f"{capabilities}=ep", binary], check=True)
        text = config(target("boxed", pid=(process or self.process).pid),
                      discover={"enabled": False},
                      destinations=[seen_from("target", url=(server or self.server).url)])
        self.seen = self.enterContext(Exporter(text, directory=self.dir, binary=binary,
                                               unprivileged=True))
        return self.seen

    def refused(self, capabilities, right, error):
        exporter = self.look(capabilities)
        page = exporter.wait_for(
            lambda page: page.value("outbound_probes_missed_total", destination="server",
                                    **INSIDE) >= 2, "runs that are left out")
        self.assertEqual(page.value(UP, destination="server", **INSIDE), 0)
        self.assertEqual(page.get_value(TOTAL, destination="server", **INSIDE) or 0, 0)
        lines = [line for line in exporter.log().split("\n") if "cannot be taken" in line]
        self.assertEqual(len(lines), 1, exporter.log())
        self.assertIn(right, lines[0])
        self.assertIn(error, lines[0])
        self.assertIn("boxed", lines[0])

    def test_nothing(self):
        self.refused(None, "CAP_SYS_PTRACE", "Permission denied")

    def test_without_tracing(self):
        self.refused("cap_dac_read_search,cap_sys_admin", "CAP_SYS_PTRACE", "Permission denied")

    def test_without_entering(self):
        self.refused("cap_sys_ptrace,cap_dac_read_search", "CAP_SYS_ADMIN",
                     "Operation not permitted")

    def test_with_all_of_it(self):
        self.look(EVERYTHING).wait_value(SUCCESS, 1, destination="server", **INSIDE)

    def test_files_that_not_everybody_may_read(self):
        hosts = self.dir / "root" / "etc" / "hosts"
        hosts.parent.mkdir(parents=True)
        hosts.write_text("127.0.0.1 hidden.example\n")
        hosts.chmod(0o600)
        process = self.start([PYTHON, CLIENTS / "rooted.py", self.dir / "root"], netns=self.box)
        process.expect("ready")
        self.server.url = f"http://hidden.example:{self.server.port}/"
        exporter = self.look("cap_sys_ptrace,cap_sys_admin", process)
        page = exporter.wait_for(
            lambda page: page.get_value(TOTAL, destination="server", **INSIDE), "a run")
        self.assertEqual(page.value(SUCCESS, destination="server", **INSIDE), 0)
        self.assertEqual(page.value(FAILED, destination="server", reason="other", **INSIDE),
                         page.value(TOTAL, destination="server", **INSIDE))
        self.look(EVERYTHING, process).wait_value(SUCCESS, 1, destination="server", **INSIDE)

    def test_our_own_namespace_needs_nothing(self):
        process = self.start(["/bin/sleep", "1000"], unprivileged=True)
        exporter = self.look(None, process, self.serve())
        page = exporter.wait_value(SUCCESS, 1, destination="server", **INSIDE)
        self.assertEqual(page.value(UP, destination="server", **INSIDE), 1)


if __name__ == "__main__":
    unittest.main()
