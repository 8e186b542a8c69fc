"""What the tests of probes share: destinations, certificates, web and name servers."""

import contextlib
import datetime
import subprocess

from harness import EXPORTER, ROOT, LiveCase, config, tool, wait_until
from processes import wrapped

SERVERS = ROOT / "tests" / "live" / "servers"
PYTHON = "/usr/bin/python3"
NGINX = """
daemon off; master_process off; pid {dir}/nginx.pid; error_log {dir}/nginx.log;
events {{ worker_connections 2000; }}
http {{
  access_log off;
  client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
  uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
  {servers}
}}
"""
SITE = """
  server {{
    listen 127.0.0.1:{port} {how};
    {tls}
    location = / {{ return 200 "it is well\\n"; }}
    location = /moved {{ return 301 /; }}
    location = /loop {{ return 302 /loop; }}
    location = /agent {{ if ($http_user_agent != outbound_exporter) {{ return 400; }}
                        return 204; }}
  }}
"""


def name_server_address():
    """Where this machine's resolver asks: resolv.conf(5), the first IPv4 name server of it.

    The tests' own name server takes that address inside a namespace: to give the exporter a
    resolv.conf of its own would need a mount namespace, which a chroot cannot have.
    """
    with contextlib.suppress(FileNotFoundError), open("/etc/resolv.conf") as file:
        for line in file:
            words = line.split()
            if words[:1] == ["nameserver"] and "." in words[1]:
                return words[1]
    return "127.0.0.1"


def destination(name, url, interval="1s", timeout=None, module=None):
    """A destination with a probe; nothing is ever taken for a connection to it."""
    probe = {"url": url, "interval": interval, "timeout": timeout or interval}
    if module:
        probe["module"] = module
    return {"name": name, "address": "192.0.2.1", "probe": probe}


def probes(urls, modules=None, **how):
    """A configuration that probes {destination: url}; `modules` are added to the built-in ones."""
    sections = {"modules": modules} if modules else {}
    return config(destinations=[destination(name, url, **how) for name, url in urls.items()],
                  discover={"enabled": False}, **sections)


def reasons(page, name):
    """{reason: count} of a destination's failed probes, without zeros."""
    return {labels["reason"]: count for labels, count
            in page.series("outbound_probes_failed_total", destination=name) if count}


class ProbeCase(LiveCase):
    def misbehave(self, *argv, **how):
        """servers/misbehave.py; `port` and `rst_port` are where it listens."""
        server = self.start([PYTHON, SERVERS / "misbehave.py", *argv], **how)
        server.port = int(server.expect("port"))
        server.rst_port = int(server.expect("rst_port"))
        return server

    def certificate(self, name, subject, issuer=None, days=(-1, 30), more="", also=(),
                    authority=False, bits=2048, nameless=False):
        """NAME.pem and NAME.key, valid for those days from now; signed by itself or `issuer`.

        `more` goes before the subject's CN ("/C=EU/O=Test"), `also` are other names of it. What
        signs itself is an authority, as is what should be. What is `nameless` has only a CN.
        """
        now = datetime.datetime.now(datetime.timezone.utc)
        dates = [(now + datetime.timedelta(day)).strftime("%Y%m%d%H%M%SZ") for day in days]
        paths = {"dir": self.dir, "name": name}
        names = ",".join(f"DNS:{host}" for host in (subject, *also))
        (self.dir / f"{name}.cnf").write_text(CA_CONFIG.format(**paths, names=names))
        (self.dir / f"{name}.index").write_text("")
        self.openssl("req", "-new", "-newkey", f"rsa:{bits}", "-nodes", "-utf8",
                     "-subj", f"{more}/CN={subject}",
                     "-keyout", self.dir / f"{name}.key", "-out", self.dir / f"{name}.csr")
        kind = "authority" if authority or not issuer else "nameless" if nameless else "leaf"
        signer = (["-cert", self.dir / f"{issuer}.pem", "-keyfile", self.dir / f"{issuer}.key"]
                  if issuer else ["-selfsign", "-keyfile", self.dir / f"{name}.key"])
        self.openssl("ca", "-batch", "-notext", "-config", self.dir / f"{name}.cnf",
                     *signer, "-startdate", dates[0], "-enddate",
                     dates[1], "-extensions", kind,
                     "-in", self.dir / f"{name}.csr", "-out", self.dir / f"{name}.pem")
        return self.dir / f"{name}.pem"

    def openssl(self, *argv):
        done = subprocess.run([tool("openssl"), *map(str, argv)], capture_output=True,
                              text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def not_after(self, path):
        """When a certificate ends, in seconds since 1970, as openssl reads it."""
        text = self.openssl("x509", "-noout", "-enddate", "-in", path).strip()
        ends = datetime.datetime.strptime(text, "notAfter=%b %d %H:%M:%S %Y GMT")
        return ends.replace(tzinfo=datetime.timezone.utc).timestamp()

    def nginx(self, sites, **how):
        """The real nginx; `sites` is {port: certificate name, or None for plain HTTP}."""
        servers = ""
        for port, name in sites.items():
            tls = (f"ssl_certificate {self.dir}/{name}.pem; "
                   f"ssl_certificate_key {self.dir}/{name}.key;") if name else ""
            servers += SITE.format(port=port, how="ssl http2" if name else "", tls=tls)
        path = self.write("nginx.conf", NGINX.format(dir=self.dir, servers=servers))
        server = self.start([tool("nginx"), "-e", f"{self.dir}/nginx.log", "-c", path], **how)
        wait_until(lambda: (self.dir / "nginx.pid").exists() or not server.running(),
                   lambda: f"nginx\n{server.log()}")
        self.assertTrue(server.running(), server.log())
        return server

    def name_server(self, *entries, options=""):
        """A namespace with servers/dns.py in it, and a program that runs the exporter there.

        Returns (namespace, name server, what to give to exporter() as `binary`).
        """
        netns = self.netns()
        address = name_server_address()
        if not address.startswith("127."):
            netns.route_here(address)
        server = self.start([PYTHON, SERVERS / "dns.py", address, *entries], netns=netns)
        server.expect("ready")
        script = self.write("exporter-with-dns", "#!/bin/sh\n"
                            f"RES_OPTIONS='{options}' exec {EXPORTER} \"$@\"\n")
        script.chmod(0o755)
        return netns, server, script

    def sysctl(self, netns, setting):
        argv = wrapped([tool("sysctl"), "-qw", setting], str(netns), False)
        subprocess.run(argv, check=True)

    def wait_reasons(self, exporter, expected, runs=2):
        """Waits until each destination failed so often; then it never did for another reason.

        `expected` is {destination: reason, or None for success}.
        """
        def all_ran(page):
            return all((page.get_value("outbound_probes_total", destination=name) or 0) >= runs
                       for name in expected)

        page = exporter.wait_for(all_ran, "runs of every probe", 60)
        found = {name: reasons(page, name) for name in expected}
        counts = {name: page.value("outbound_probes_total", destination=name)
                  for name in expected}
        self.assertEqual(found, {name: {reason: counts[name]} if reason else {}
                                 for name, reason in expected.items()})
        for name, reason in expected.items():
            self.assertEqual(page.value("outbound_probe_success", destination=name),
                             0 if reason else 1)
        return page

    def assert_keeps_cadence(self, exporter, name, runs=10):
        """A probe goes on, leaving out fewer runs than it makes, and scrapes are answered."""
        done, missed = "outbound_probes_total", "outbound_probes_missed_total"
        before = exporter.scrape()

        def more(page, metric):
            return (page.value(metric, destination=name)
                    - before.value(metric, destination=name))

        page = exporter.wait_for(lambda page: more(page, done) >= runs,
                                 f"{runs} more runs of {name}")
        self.assertLess(more(page, missed), more(page, done))
        return page


CA_CONFIG = """
[ ca ]
default_ca = here
[ here ]
new_certs_dir = {dir}
database = {dir}/{name}.index
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[ any ]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
[ authority ]
basicConstraints = critical,CA:TRUE
subjectAltName = {names},DNS:localhost
[ nameless ]
basicConstraints = critical,CA:FALSE
[ leaf ]
basicConstraints = critical,CA:FALSE
subjectAltName = {names}
"""
