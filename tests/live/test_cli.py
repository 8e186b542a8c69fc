"""The command line and the configuration, as a person meets them."""

import os
import re
import signal
import socket
import unittest

from harness import BUILD, EXPORTER, LiveCase, ROOT, TIMEOUT, config, target, wait_until

USAGE = 64
RELOADED = "outbound_exporter_config_last_reload_successful"
RELOAD_TIME = "outbound_exporter_config_last_reload_success_timestamp_seconds"
MISTAKES = """\
collect:
  intervall: 5s
  interval: 5
targets:
  - name: a
    match: { pid: 0 }
"""
# Of a file called %s; in the order of its lines.
COMPLAINTS = (
    '%s:2:3: unknown key "intervall" in collect, did you mean "interval"?\n'
    '%s:3:13: interval: "5" needs a unit, such as "5s"\n'
    '%s:6:19: pid: "0" is less than 1\n')


def complaints(path):
    return COMPLAINTS.replace("%s", str(path))


class ConfigCheck(LiveCase):
    def check(self, path):
        return self.run_exporter("--config.check", f"--config.file={path}")

    def assert_refused(self, path, stderr):
        done = self.check(path)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", stderr))

    def assert_valid(self, path):
        done = self.check(path)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, f"{path}: the configuration is valid\n", ""))

    def test_what_comes_with_it_is_valid(self):
        found = [ROOT / "config" / "outbound.yml", *ROOT.glob("config/examples/*.yml")]
        self.assertGreater(len(found), 3)
        for path in found:
            with self.subTest(path=path):
                self.assert_valid(path)

    def test_an_empty_file_is_valid(self):
        self.assert_valid(self.write("empty.yml", ""))

    def test_every_mistake_has_its_place(self):
        path = self.write("wrong.yml", MISTAKES)
        self.assert_refused(path, complaints(path))

    def test_files_that_are_none(self):
        missing = self.dir / "missing.yml"
        self.assert_refused(missing, f"{missing}: cannot be read: No such file or directory\n")
        self.assert_refused(self.dir, f"{self.dir}: cannot be read: Is a directory\n")

    def test_a_file_that_must_not_be_read(self):
        path = self.write("secret.yml", "collect: {}\n")
        path.chmod(0)
        binary = self.copy(EXPORTER)  # where somebody who is not root may execute it
        exporter = self.start([binary, "--config.check", f"--config.file={path}"],
                              unprivileged=os.geteuid() == 0)
        self.assertEqual(exporter.child.wait(TIMEOUT), 1)
        self.assertEqual(exporter.log(), f"{path}: cannot be read: Permission denied\n")

    def test_no_secret_is_repeated(self):
        path = self.write("secret.yml", "destinations:\n  - name: a\n    port: 1\n    probe:\n"
                          "      url: 'http://user:hunter2@a:x/?token=hunter2'\n"
                          "      interval: 'http://user:hunter2@a/'\n"
                          "      pasword: hunter2\n")
        done = self.check(path)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 3)
        self.assertNotIn("hunter2", done.stderr)


BLACKBOX = """\
modules:
  web_2xx:
    prober: http
    timeout: 5s
    http:
      preferred_ip_protocol: "ip4"
      headers: { Accept-Language: en }
  pop3s:
    prober: tcp
    tcp:
      query_response:
      - expect: "^+OK"
      tls: true
      tls_config:
        insecure_skip_verify: false
  ping:
    prober: icmp
    icmp:
      ttl: 5
  login:
    prober: http
    http:
      oauth2: { client_id: a, client_secret: hunter2 }
"""
UNUSABLE = ("ping (prober icmp is not supported), "
            "login (http.oauth2 is not supported)")


class BlackboxExporter(LiveCase):
    """Its files, which have `modules` only."""

    def check(self, path):
        done = self.run_exporter("--config.check", f"--config.file={path}")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        first, *rest = done.stdout.splitlines()
        self.assertEqual(first, f"{path}: the configuration is valid")
        return rest

    def test_what_cannot_be_used_is_named(self):
        path = self.write("blackbox.yml", BLACKBOX)
        self.assertEqual(self.check(path), [f"{path}: modules that cannot be used: {UNUSABLE}"])

    def test_the_daemon_says_it_at_its_start_and_when_it_reloads(self):
        exporter = self.exporter(BLACKBOX)
        line = f'level=warn msg="Modules that cannot be used" modules="{UNUSABLE}"'
        self.assertEqual(exporter.log().count(line), 1)
        exporter.configure(BLACKBOX.replace("ping:", "pong:"))
        exporter.signal(signal.SIGHUP)
        line = line.replace("ping", "pong")
        wait_until(lambda: line in exporter.log(), exporter.log)
        exporter.configure("modules: { web: { prober: http } }\n")
        exporter.signal(signal.SIGHUP)
        wait_until(lambda: exporter.log().count('msg="Loaded config file"') == 3, exporter.log)
        self.assertEqual(exporter.log().count("cannot be used"), 2)
        self.assertNotIn("hunter2", exporter.log())

    def test_a_probe_with_one_of_them_is_an_error(self):
        path = self.write("probe.yml", BLACKBOX + "destinations:\n  - name: a\n    port: 1\n"
                          "    probe: { url: 'http://a', module: ping }\n")
        done = self.run_exporter("--config.check", f"--config.file={path}")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, f'{path}:27:39: module: "ping": prober icmp is not '
                         "supported\n")

    def test_files_that_come_with_it(self):
        root = BUILD / "tools" / "root"
        found = [path for path in (
            root / "etc" / "prometheus" / "blackbox.yml",
            root / "usr" / "share" / "doc" / "prometheus-blackbox-exporter" / "examples" /
            "example.yml") if path.exists()]
        if not found:
            self.skipTest("prometheus-blackbox-exporter was not fetched")
        for path in found:
            with self.subTest(path=path):
                self.assertRegex("\n".join(self.check(path)),
                                 r"\A.*: modules that cannot be used: .*\bicmp\w* "
                                 r"\(prober icmp is not supported\)")


class Flags(LiveCase):
    def output(self, *flags):
        done = self.run_exporter(*flags)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def assert_usage(self, flags, stderr):
        done = self.run_exporter(*flags)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (USAGE, "", f"outbound_exporter: {stderr}\n"))

    def test_help_and_the_reference_have_the_same_flags(self):
        listed = re.findall(r"^  --([a-z.-]+)", self.output("--help"), re.MULTILINE)
        described = re.findall(r"^\| `--([a-z.-]+)", self.output("--describe=flags"),
                               re.MULTILINE)
        self.assertEqual(listed, described)
        self.assertLessEqual({"config.file", "config.check", "help", "log.format", "log.level",
                              "path.procfs", "path.rootfs", "version",
                              "web.enable-lifecycle", "web.listen-address",
                              "web.telemetry-path"}, set(listed))
        self.assertEqual(self.output("-h"), self.output("--help"))

    def test_version(self):
        version = r"version \d+\.\d+\.\d+ \(branch: .*, revision: .*\)\n"
        self.assertRegex(self.output("--version"), r"\Aoutbound_exporter, " + version)
        self.assertEqual(self.output("-version"), self.output("--version"))

    def test_the_reference_has_all_its_sections(self):
        parts = [self.output(f"--describe={name}")
                 for name in ("metrics", "config", "flags", "sources")]
        everything = self.output("--describe")
        for part in parts:
            self.assertRegex(part, r"\A\|.*\|\n\|[-:|]+\|\n\|.*\|\n")
            self.assertIn(part, everything)

    def test_the_reference_of_the_configuration(self):
        rows = self.output("--describe=config").splitlines()
        self.assertIn("| `collect.interval` | a duration | `5s` | `100ms` to `1h` | Time "
                      "between two looks at the processes and their connections. |", rows)
        self.assertTrue(any(row.startswith("| `modules.<name>.http.method` |") for row in rows))

    def test_flags_that_are_none(self):
        self.assert_usage(["--config.fiel=x"],
                          "unknown flag --config.fiel=x, did you mean --config.file?")
        self.assert_usage(["--colour"], "unknown flag --colour, see --help")
        self.assert_usage(["config.yml"], 'unexpected argument "config.yml", see --help')
        self.assert_usage(["--config.file"], "--config.file needs a value: FILE")
        self.assert_usage(["--once=yes"], "--once takes no value")
        self.assert_usage(["--describe=nothing"],
                          '--describe knows no section "nothing", see --help')

    def test_values_that_are_none(self):
        for flag in ("--log.level=loud", "--log.format=xml", "--web.telemetry-path=metrics",
                     "--web.listen-address=nowhere", "--path.procfs=", "--path.rootfs=",
                     "--config.file="):
            with self.subTest(flag=flag):
                done = self.run_exporter(flag)
                self.assertEqual((done.returncode, done.stdout), (USAGE, ""))
                name, value = flag.split("=")
                self.assertTrue(done.stderr.startswith(
                    f'outbound_exporter: {name}: "{value}" is not a valid value'), done.stderr)


class Start(LiveCase):
    def test_a_wrong_configuration_ends_it(self):
        path = self.write("wrong.yml", MISTAKES)
        for flags in ((), ("--once",), ("--log.format=json",)):
            done = self.run_exporter(f"--config.file={path}", *flags)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertEqual(done.stderr, complaints(path))

    def test_an_address_in_use_ends_it(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
            done = self.run_exporter(f"--web.listen-address={address}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Address already in use", done.stderr)
        self.assertIn(address, done.stderr)

    def test_once_is_a_page(self):
        page = self.once(config(target("t", pid=1)))
        self.assertIn(page.value("outbound_target_up", target="t"), (0, 1))


class Reload(LiveCase):
    def setUp(self):
        super().setUp()
        self.watched = self.start(["/bin/sleep", "600"])

    def one(self, name):
        return config(target(name, pid=self.watched.pid))

    def wait_target(self, exporter, name):
        return exporter.wait_for(
            lambda page: page.get_value("outbound_target_processes", target=name) == 1,
            f"the target {name}")

    def assert_kept(self, exporter, name, reason):
        """The old configuration is still there, and the log says what is wrong with the new."""
        page = exporter.wait_value(RELOADED, 0)
        self.assertEqual(page.value("outbound_target_processes", target=name), 1)
        wait_until(lambda: reason in exporter.log(), exporter.log)
        self.assertIn("Configuration not reloaded, the old one stays", exporter.log())

    def test_sighup_swaps_the_whole_configuration(self):
        exporter = self.exporter(self.one("before"))
        page = self.wait_target(exporter, "before")
        self.assertEqual(page.value(RELOADED), 1)
        loaded = page.value(RELOAD_TIME)
        exporter.configure(self.one("after"))
        exporter.signal(signal.SIGHUP)
        page = self.wait_target(exporter, "after")
        self.assertIsNone(page.get_value("outbound_target_up", target="before"))
        self.assertEqual(page.value(RELOADED), 1)
        self.assertGreater(page.value(RELOAD_TIME), loaded)

    def test_sighup_keeps_the_old_one_and_says_why(self):
        exporter = self.exporter(self.one("before"))
        loaded = self.wait_target(exporter, "before").value(RELOAD_TIME)
        exporter.configure(MISTAKES)
        exporter.signal(signal.SIGHUP)
        self.assert_kept(exporter, "before", f"{exporter.config_file}:6:19: pid: ")
        for line in complaints(exporter.config_file).splitlines():
            self.assertIn(line.replace('"', '\\"'), exporter.log())
        self.assertEqual(exporter.value(RELOAD_TIME), loaded)
        exporter.configure(self.one("after"))
        exporter.signal(signal.SIGHUP)
        self.assertEqual(self.wait_target(exporter, "after").value(RELOADED), 1)

    def test_a_file_that_is_gone_keeps_the_old_one(self):
        exporter = self.exporter(self.one("before"))
        self.wait_target(exporter, "before")
        exporter.config_file.unlink()
        exporter.signal(signal.SIGHUP)
        self.assert_kept(exporter, "before", "cannot be read: No such file or directory")

    def test_without_a_file_there_is_nothing_to_reload(self):
        exporter = self.exporter(None)
        exporter.signal(signal.SIGHUP)
        exporter.wait_value(RELOADED, 0, timeout=30)
        self.assertIn("started without --config.file", exporter.log())
        self.assertEqual(exporter.get("/-/healthy")[0], 200)

    def test_post_swaps_the_whole_configuration(self):
        exporter = self.exporter(self.one("before"), "--web.enable-lifecycle")
        self.wait_target(exporter, "before")
        exporter.configure(self.one("after"))
        status, _, body = exporter.get("/-/reload", method="POST")
        self.assertEqual((status, body.strip()), (200, b"Configuration reloaded."))
        page = exporter.scrape()
        self.assertEqual(page.value("outbound_target_processes", target="after"), 1)
        self.assertIsNone(page.get_value("outbound_target_up", target="before"))

    def test_post_keeps_the_old_one_and_says_why(self):
        exporter = self.exporter(self.one("before"), "--web.enable-lifecycle")
        self.wait_target(exporter, "before")
        exporter.configure(MISTAKES)
        status, _, body = exporter.get("/-/reload", method="POST")
        self.assertEqual(status, 500)
        self.assertEqual(body.decode().strip(), "failed to reload config: " +
                         complaints(exporter.config_file).strip())
        self.assert_kept(exporter, "before", f"{exporter.config_file}:6:19: pid: ")

    def test_post_needs_a_flag_and_get_does_nothing(self):
        exporter = self.exporter(self.one("before"))
        self.assertEqual(exporter.get("/-/reload", method="POST")[0], 403)
        lively = self.exporter(self.one("before"), "--web.enable-lifecycle")
        self.assertEqual(lively.get("/-/reload")[0], 405)

    def test_a_new_interval_counts_at_once(self):
        exporter = self.exporter("collect: { interval: 1h }\n")
        exporter.configure(self.one("after"))
        exporter.signal(signal.SIGHUP)
        self.wait_target(exporter, "after")
        exporter.wait_tick()


if __name__ == "__main__":
    unittest.main()
