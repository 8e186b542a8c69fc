"""Which processes a target has, and what is said of them, equal /proc."""

import os
import pwd
import time
import unittest

from harness import (EXPORTER, LiveCase, build_c, config, requires_root, ss_counts, target,
                     unique, wait_until)

CHILD_SCRIPT = 'exec 3<&0; "$1" "$2" established=1 <&3 & "$1" "$2" established=2'

BECOME_NOBODY = """
import os, sys
print("ready", flush=True)
sys.stdin.readline()
os.setuid(65534)
print("done", flush=True)
sys.stdin.readline()
"""


def status(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith(f"{key}:"):
                return line.split()[1]
    raise KeyError(key)


def fd_links(pid):
    return [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]


def soft_fd_limit(pid):
    with open(f"/proc/{pid}/limits", encoding="ascii") as lines:
        return next(int(line.split()[3]) for line in lines if line.startswith("Max open files"))


def stat(pid, number):
    """A field of /proc/<pid>/stat, numbered from 1 as in proc(5)."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as line:
        return int(line.read().rpartition(")")[2].split()[number - 3])


def resident_bytes(pid):
    return stat(pid, 24) * os.sysconf("SC_PAGE_SIZE")


def start_time(pid):
    ticks = stat(pid, 22)
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time() - since_boot + ticks / os.sysconf("SC_CLK_TCK")


class Numbers(LiveCase):
    def proc(self, pids):
        """What /proc says of these pids together, in the names of the metrics."""
        links = [fd_links(pid) for pid in pids]
        return {
            "target_up": 1,
            "target_processes": len(pids),
            "target_threads": sum(int(status(pid, "Threads")) for pid in pids),
            "target_open_fds": sum(len(found) for found in links),
            "target_resident_memory_bytes": sum(resident_bytes(pid) for pid in pids),
            "target_worst_fd_ratio": max(len(found) / soft_fd_limit(pid)
                                         for pid, found in zip(pids, links)),
        }

    def check(self, page, name, expected):
        found = {metric: page.value(f"outbound_{metric}", target=name) for metric in expected}
        self.assertEqual(found, expected)

    def test_one_process(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=4 close_wait=2", "--threads", "3",
                           "--files", "17", "--listen", "127.0.0.1:0")
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        expected = self.proc([holder.pid])
        self.assertEqual(expected["target_threads"], 4)
        expected["target_open_sockets"] = sum(link.startswith("socket:")
                                              for link in fd_links(holder.pid))
        self.assertEqual(expected["target_open_sockets"], 4 + 2 + 1)
        expected["target_max_fds"] = soft_fd_limit(holder.pid)
        page = exporter.wait_tick()
        self.check(page, "t", expected)
        self.assertAlmostEqual(page.value("outbound_target_oldest_start_time_seconds",
                                          target="t"), start_time(holder.pid), delta=1.5)

    def test_a_low_limit_is_seen(self):
        server = self.serve()
        holder = self.start(["prlimit", "--nofile=64:64", build_c("hold"), "--files", "10",
                             server.address, "established=6"])
        holder.expect("ready")
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        expected = self.proc([holder.pid]) | {"target_max_fds": 64}
        self.assertEqual(expected["target_worst_fd_ratio"], (3 + 10 + 6) / 64)
        self.check(exporter.wait_tick(), "t", expected)

    def test_several_processes_together(self):
        server = self.serve()
        program = self.copy(build_c("hold"), unique("obseveral"))
        holders = [self.hold(f"{server.address} established={n}", "--threads", n, argv0=program)
                   for n in (1, 2, 3)]
        pids = [holder.pid for holder in holders]
        exporter = self.exporter(config(target("t", exe=str(program))))
        page = self.assert_equals_ss(exporter, {"t": pids})
        self.check(page, "t", self.proc(pids))
        self.assertAlmostEqual(page.value("outbound_target_oldest_start_time_seconds",
                                          target="t"), start_time(pids[0]), delta=1.5)

    def test_descriptors_and_threads_are_followed(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=30")
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        before = exporter.wait_tick().value("outbound_target_open_fds", target="t")
        holder.ask("close established")
        page = exporter.wait_tick()
        self.assertEqual(page.value("outbound_target_open_fds", target="t"), before - 30)
        self.assertEqual(page.value("outbound_target_open_sockets", target="t"), 0)
        holder.ask(f"connect {server.address} established=5")
        self.check(exporter.wait_tick(), "t", self.proc([holder.pid]))


class Matching(LiveCase):
    """Each condition finds its processes, and only them."""

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.program = self.copy(build_c("hold"), unique("obmatched"))

    def holder(self, count, *flags, **how):
        return self.hold(f"{self.server.address} established={count}", *flags,
                         **{"argv0": self.program, **how})

    def check(self, expected, *targets, **sections):
        """`expected` is {target: pids}."""
        exporter = self.exporter(config(*targets, **sections))
        page = self.assert_equals_ss(exporter, expected)
        for name, pids in expected.items():
            self.assertEqual(page.value("outbound_target_processes", target=name), len(pids))
            self.assertEqual(page.value("outbound_target_up", target=name), int(bool(pids)))
        return exporter

    def test_pid(self):
        holder, _ = self.holder(3), self.holder(4)
        self.check({"t": [holder.pid]}, target("t", pid=holder.pid))

    def test_pid_file_also_when_it_changes(self):
        one, two = self.holder(1), self.holder(2)
        pid_file = self.write("obmatched.pid", f"{one.pid}\n")
        exporter = self.check({"t": [one.pid]}, target("t", pid_file=str(pid_file)))
        pid_file.write_text(str(two.pid))
        self.assert_equals_ss(exporter, {"t": [two.pid]})
        pid_file.unlink()
        page = exporter.wait_tick()
        self.assertEqual(page.value("outbound_target_processes", target="t"), 0)

    def test_comm(self):
        holder = self.holder(2)
        self.holder(1, argv0=self.copy(self.program, unique("obmat")))
        self.check({"t": [holder.pid]}, target("t", comm=unique("obmatched")))

    def test_exe_by_path_and_by_base_name(self):
        holder = self.holder(2)
        self.check({"path": [holder.pid], "base": []}, target("path", exe=str(self.program)),
                   target("base", exe=unique("obmatched")))
        self.check({"base": [holder.pid]}, target("base", exe=unique("obmatched")))

    def test_cmdline_is_a_regular_expression(self):
        holder, _ = self.holder(2, "--files", "21"), self.holder(1, "--files", "22")
        self.check({"t": [holder.pid]}, target("t", cmdline=unique("obmatched") + r" .*--files\s2[13]\b"))

    @requires_root
    def test_user(self):
        nobody = pwd.getpwuid(65534).pw_name
        holder, root = self.holder(2, unprivileged=True), self.holder(1)
        self.check({"name": [holder.pid]}, target("name", user=nobody, comm=unique("obmatched")))
        self.check({"number": [root.pid]}, target("number", user="0", comm=unique("obmatched")))

    def test_listen(self):
        words = [self.program, "--listen", "127.0.0.1:0", self.server.address, "established=2"]
        holder = self.start(words)
        port = int(holder.expect("listen"))
        holder.expect("ready")
        self.holder(1)
        self.check({"t": [holder.pid]}, target("t", listen=port))

    @requires_root
    def test_a_server_that_gives_up_root_after_it_was_seen(self):
        exporter = self.exporter(config(target("t", user="65534", cmdline=unique("obchanging"))))
        server = self.start(["/usr/bin/python3", "-c", BECOME_NOBODY, unique("obchanging")])
        server.expect("ready")
        page = exporter.wait_tick()
        self.assertEqual(page.value("outbound_target_processes", target="t"), 0)
        server.ask("go")
        exporter.wait_value("outbound_target_processes", 1, target="t")

    def test_conditions_are_anded_and_a_list_means_any(self):
        one, two, three = (self.holder(n, "--files", n) for n in (1, 2, 3))
        self.check({"both": [two.pid], "any": [one.pid, three.pid]},
                   target("both", comm=unique("obmatched"), cmdline="--files 2"),
                   target("any", any_of=[{"pid": one.pid}, {"pid": three.pid}]))

    def test_the_first_target_that_matches_has_it(self):
        one, two = self.holder(1), self.holder(2)
        self.check({"first": [one.pid], "second": [two.pid]},
                   target("first", pid=one.pid), target("second", comm=unique("obmatched")))

    def test_children(self):
        shell = self.start(["/bin/sh", "-c", CHILD_SCRIPT, "sh", self.program,
                            self.server.address])
        shell.expect("ready")
        shell.expect("ready")
        with open(f"/proc/{shell.pid}/task/{shell.pid}/children", encoding="ascii") as line:
            children = [int(pid) for pid in line.read().split()]
        self.assertEqual(len(children), 2)
        self.check({"family": [shell.pid, *children]},
                   target("family", pid=shell.pid, children=True))
        self.check({"alone": [shell.pid]}, target("alone", pid=shell.pid))

    def test_absent_is_zero_and_becomes_one(self):
        exporter = self.exporter(config(target("t", exe=str(self.program))))
        page = exporter.wait_tick()
        for metric in ("up", "processes", "threads", "open_fds", "open_sockets"):
            self.assertEqual(page.value(f"outbound_target_{metric}", target="t"), 0, metric)
        holder = self.holder(2)
        page = self.assert_equals_ss(exporter, {"t": holder.pid})
        self.assertEqual(page.value("outbound_target_up", target="t"), 1)
        holder.stop()
        page = exporter.wait_tick()
        self.assertEqual(page.value("outbound_target_up", target="t"), 0)
        self.assertEqual(page.value("outbound_target_processes", target="t"), 0)
        self.assertEqual(page.connections("t").get((self.server.address, "established"), 0), 0)

    def test_process_exporters_block(self):
        holder = self.holder(2)
        exporter = self.exporter(config(process_names=[
            {"name": "{{.Comm}}-x", "comm": [unique("obmatched")]}]))
        self.assert_equals_ss(exporter, {unique("obmatched") + "-x": holder.pid})

    def test_the_exporter_is_never_a_target(self):
        program = self.copy(EXPORTER, unique("obmyself"))
        both = f"^[^ ]*/({program.name}|{self.program.name}) "
        exporter = self.exporter(config(target("t", exe=str(program)),
                                        target("all", cmdline=both)), binary=program)
        holder = self.holder(1)
        page = self.assert_equals_ss(exporter, {"all": holder.pid})
        self.assertEqual(page.value("outbound_target_processes", target="t"), 0)
        self.assertEqual(page.value("outbound_target_processes", target="all"), 1)


class Unreadable(LiveCase):
    """What may not be read is said to be so, and is not a zero."""

    @requires_root
    def test_a_process_of_somebody_else(self):
        server = self.serve()
        program = self.copy(build_c("hold"), unique("obsecret"))
        secret = self.hold(f"{server.address} established=3", argv0=program)
        exporter = self.exporter(config(target("secret", comm=unique("obsecret"))), unprivileged=True)
        page = exporter.wait_tick()
        labels = {"target": "secret"}
        self.assertEqual(page.value("outbound_target_up", **labels), 1)
        self.assertEqual(page.value("outbound_target_processes", **labels), 1)
        self.assertEqual(page.value("outbound_target_unreadable_processes", **labels,
                                    reason="permission"), 1)
        self.assertEqual(page.value("outbound_target_threads", **labels),
                         int(status(secret.pid, "Threads")))
        self.assertEqual(page.series("outbound_connections", **labels), [])
        for metric in ("outbound_target_open_fds", "outbound_target_open_sockets"):
            self.assertNotEqual(page.get_value(metric, **labels), 0, metric)
        self.assertGreater(page.value("outbound_exporter_unreadable_processes",
                                      reason="permission"), 0)

    @requires_root
    def test_beside_one_of_its_own(self):
        server = self.serve()
        program = self.copy(build_c("hold"), unique("obmixed"))
        self.hold(f"{server.address} established=3", argv0=program)
        mine = self.hold(f"{server.address} established=2", argv0=program, unprivileged=True)
        exporter = self.exporter(config(target("mixed", comm=unique("obmixed"))), unprivileged=True)
        page = exporter.wait_tick()
        self.assertEqual(page.connections("mixed"), ss_counts(pid=mine.pid))
        self.assertEqual(page.value("outbound_target_processes", target="mixed"), 2)
        self.assertEqual(page.value("outbound_target_unreadable_processes", target="mixed",
                                    reason="permission"), 1)

    @requires_root
    def test_as_root_nothing_is(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=1", unprivileged=True,
                           argv0=self.copy(build_c("hold")))
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        page = exporter.wait_tick()
        self.assertEqual(page.connections("t"), ss_counts(pid=holder.pid))
        for _, value in page.series("outbound_target_unreadable_processes", target="t"):
            self.assertEqual(value, 0)


class Vanishing(LiveCase):
    def test_processes_that_come_and_go_do_not_disturb(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=3")
        script = "while :; do /bin/true & /bin/true; wait; done"
        self.start(["/bin/sh", "-c", script])
        exporter = self.exporter(config(target("t", pid=holder.pid),
                                        target("true", comm="true")))
        for _ in range(10):
            page = self.assert_equals_ss(exporter, {"t": holder.pid})
        self.assertEqual(page.series("outbound_target_unreadable_processes", target="true",
                                     reason="error"),
                         [({"target": "true", "reason": "error"}, 0)])

    def test_a_killed_target_is_gone_at_once(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=3")
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        exporter.wait_tick()
        holder.child.kill()
        wait_until(lambda: not holder.running(), "the end of the holder")
        page = exporter.wait_tick()
        self.assertEqual(page.value("outbound_target_up", target="t"), 0)


if __name__ == "__main__":
    unittest.main()
