"""One file of modules, the servers that it is for, and what is asked of two exporters.

Everything here is given to Debian's blackbox_exporter and to the exporter under test alike.
"""

import collections
import contextlib
import http.client
import json
import urllib.parse

from harness import free_port, tool, wait_until
from namespaces import inside
from probing import PYTHON, SERVERS, ProbeCase
from processes import Process

NGINX = """
daemon off; master_process off; pid %(dir)s/nginx.pid; error_log %(dir)s/nginx.log;
events { worker_connections 500; }
http {
  access_log off;
  client_body_temp_path %(dir)s/t1; proxy_temp_path %(dir)s/t2; fastcgi_temp_path %(dir)s/t3;
  uwsgi_temp_path %(dir)s/t4; scgi_temp_path %(dir)s/t5;
  default_type text/plain; gzip_min_length 1; gzip_types text/plain; gzip_vary off;
  ssl_certificate_key %(dir)s/leaf.key; ssl_protocols TLSv1.2 TLSv1.3;
  server { listen 127.0.0.1:%(plain)d; listen [::1]:%(six)d;
           listen 127.0.0.1:%(both)d; listen [::1]:%(both)d; include %(dir)s/pages; }
  server { listen 127.0.0.1:%(tls)d ssl http2; ssl_certificate %(dir)s/chain.pem;
           include %(dir)s/pages; }
  server { listen 127.0.0.1:%(tls11)d ssl; ssl_certificate %(dir)s/chain.pem;
           include %(dir)s/pages; }
  server { listen 127.0.0.1:%(old)d ssl; ssl_certificate %(dir)s/chain.pem;
           ssl_protocols TLSv1.2; include %(dir)s/pages; }
  server { listen 127.0.0.1:%(ancient)d ssl; ssl_certificate %(dir)s/chain.pem;
           ssl_protocols TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0; include %(dir)s/pages; }
  server { listen 127.0.0.1:%(weak)d ssl; ssl_certificate %(dir)s/weak.pem;
           ssl_certificate_key %(dir)s/weak.key; ssl_ciphers DEFAULT:@SECLEVEL=0;
           include %(dir)s/pages; }
  server { listen 127.0.0.1:%(nameless)d ssl; ssl_certificate %(dir)s/nameless.pem;
           ssl_certificate_key %(dir)s/nameless.key; include %(dir)s/pages; }
  server { listen 127.0.0.1:%(incomplete)d ssl; ssl_certificate %(dir)s/leaf.pem;
           include %(dir)s/pages; }
  server { listen 127.0.0.1:%(client)d ssl; ssl_certificate %(dir)s/chain.pem;
           ssl_client_certificate %(dir)s/ca.pem; ssl_verify_client on;
           include %(dir)s/pages; }
  server { listen 127.0.0.1:%(expired)d ssl; ssl_certificate %(dir)s/expired.pem;
           ssl_certificate_key %(dir)s/expired.key; include %(dir)s/pages; }
  server { listen 127.0.0.1:%(wrong)d ssl; ssl_certificate %(dir)s/wrong.pem;
           ssl_certificate_key %(dir)s/wrong.key; include %(dir)s/pages; }
  server { listen 127.0.0.1:%(itself)d ssl; ssl_certificate %(dir)s/itself.pem;
           ssl_certificate_key %(dir)s/itself.key; include %(dir)s/pages; }
}
"""
PAGES = """
location = / { return 200 "it is well\\n"; }
location = /empty { return 200; }
location = /file { alias %(dir)s/file; }
location = /chunked { alias %(dir)s/file; sub_filter well ill; sub_filter_types *; }
location = /gzip { gzip on; return 200 "it is well, it is well, it is well, it is well\\n"; }
location ~ ^/status/204$ { return 204; }
location ~ ^/status/304$ { return 304; }
location ~ ^/status/400$ { return 400; }
location ~ ^/status/404$ { return 404; }
location ~ ^/status/418$ { return 418 "short and stout"; }
location ~ ^/status/500$ { return 500; }
location ~ ^/status/503$ { return 503; }
location = /moved { return 301 /; }
location = /moved2 { return 302 /moved; }
location = /moved3 { return 302 moved2; }
location = /moved307 { return 307 /post; }
location = /moved303 { return 303 /; }
location = /gone { return 301 /status/404; }
location = /elsewhere { return 302 http://other.test:%(plain)d/; }
location = /to_six { return 302 http://six.test:%(six)d/; }
location = /to_tls { return 301 https://leaf.test:%(tls)d/; }
location = /to_plain { return 301 http://leaf.test:%(plain)d/; }
location = /to_untrusted { return 301 https://leaf.test:%(itself)d/; }
location = /to_nobody { return 302 http://127.0.0.1:%(nobody)d/; }
location = /to_missing { return 302 http://missing.test/; }
location = /to_ftp { return 302 ftp://leaf.test/; }
location = /nowhere { add_header Location "" always; return 404; }
location = /loop { return 302 /loop; }
location = /basic { if ($http_authorization != "Basic bWU6bXkgc2VjcmV0") { return 401; }
                    return 200 "you may\\n"; }
location = /bearer { if ($http_authorization != "Bearer my-token") { return 401; }
                     return 200 "you may\\n"; }
location = /headers { if ($http_user_agent != "probe/1") { return 400; }
                      if ($http_x_token != "hidden token") { return 401; }
                      if ($host != "virtual.test") { return 404; }
                      return 200 "as it should be\\n"; }
location = /host { return 200 "$host\\n"; }
location = /token { if ($http_x_token != "hidden token") { return 401; } return 200 "you may\n"; }
location = /to_blank { return 302 "/a b?c=d e"; }
location = /to_token { return 302 http://other.test:%(plain)d/token; }
location = /to_client { return 302 https://leaf.test:%(client)d/; }
location = /to_basic { return 302 http://other.test:%(plain)d/basic; }
location = /to_bearer { return 302 /bearer; }
location = /sent { return 200 "$http_accept, $http_accept_encoding, $http_connection\n"; }
location = /sni { return 200 "$ssl_server_name, $host\n"; }
location = /cookie { add_header Set-Cookie "seen=yes; Path=/"; return 302 /cookies; }
location = /cookies { if ($http_cookie != "seen=yes") { return 403; } return 200 "seen\n"; }
location = /post { if ($request_method != POST) { return 405; }
                   if ($content_length != 5) { return 411; }
                   if ($http_content_type != "text/x-test") { return 415; }
                   return 200 "posted\\n"; }
location = /method { if ($request_method != PUT) { return 405; } return 200 "put\\n"; }
location = /umlaut { return 200 "Zürich\n"; }
location = /large { alias %(dir)s/large; }
location = /late { alias %(dir)s/late; }
location = /named { add_header X-State "all well"; add_header X-Two one; add_header X-Two two;
                    return 200 "named\\n"; }
"""
SITES = ("plain", "six", "both", "tls", "tls11", "old", "ancient", "weak", "nameless", "incomplete", "client", "expired",
         "wrong", "itself")
NAMES = ("leaf=127.0.0.1", "other=127.0.0.1", "four=127.0.0.1", "six=::1", "both=127.0.0.1",
         "both=::1", "host=127.0.0.1")
# What must be on no page.
SECRETS = ("my secret", "my-token", "bWU6bXkgc2VjcmV0", "let me in", "proxy secret", "proxy%20secret",
           "hidden token")

Case = collections.namedtuple("Case", "name module target more", defaults=({},))


def http_module(timeout="3s", **options):
    return {"prober": "http", "timeout": timeout, "http": options}


def tcp_module(*talk, timeout="3s", **options):
    if talk:
        options["query_response"] = list(talk)
    return {"prober": "tcp", "timeout": timeout, "tcp": options}


def modules(place, ports):
    """A blackbox_exporter's file, all of it in words that its version 0.23 knows."""
    ours = {"ca_file": f"{place}/ca.pem"}
    anything = {"insecure_skip_verify": True}
    proxy = f"http://127.0.0.2:{ports['proxy']}"
    pass_proxy = f"http://127.0.0.2:{ports['pass_proxy']}"
    return {"modules": {
        "http_2xx": http_module(),
        "short": http_module("800ms"),
        "long": http_module("8s"),
        "tls": http_module(tls_config=ours),
        "tls_any": http_module(tls_config=anything),
        "tls_any_short": http_module("800ms", tls_config=anything),
        "tls_http1": http_module(tls_config=ours, enable_http2=False),
        "tls_only_1": http_module(tls_config=ours, valid_http_versions=["HTTP/1.1"]),
        "tls_only_2": http_module(tls_config=ours,
                                  valid_http_versions=["HTTP/2.0", "HTTP/1.0"]),
        "tls_named": http_module(tls_config={**ours, "server_name": "leaf.test"}),
        "tls_13": http_module(tls_config={**ours, "min_version": "TLS13"}),
        "tls_12": http_module(tls_config={**ours, "max_version": "TLS12"}),
        "tls_10": http_module(tls_config={**ours, "min_version": "TLS10"}),
        "tls_host": http_module(tls_config=ours, headers={"Host": "leaf.test"}),
        "tls_client": http_module(tls_config={
            **ours, "cert_file": f"{place}/client.pem", "key_file": f"{place}/client.key"}),
        "no_such_file": http_module(tls_config={"ca_file": f"{place}/nothing.pem"}),
        "ssl_wanted": http_module(tls_config=ours, fail_if_not_ssl=True),
        "ssl_unwanted": http_module(tls_config=ours, fail_if_ssl=True),
        "odd_codes": http_module(valid_status_codes=[404, 418]),
        "stay": http_module(follow_redirects=False, valid_status_codes=[301, 302]),
        "stay_old_word": http_module(no_follow_redirects=True),
        "basic": http_module(basic_auth={"username": "me", "password": "my secret"}),
        "basic_file": http_module(basic_auth={"username": "me",
                                              "password_file": f"{place}/password"}),
        "bearer": http_module(authorization={"credentials": "my-token"}),
        "bearer_old_word": http_module(bearer_token="my-token"),
        "headers": http_module(headers={"User-Agent": "probe/1", "X-Token": "hidden token",
                                        "Host": "virtual.test"}),
        "token": http_module(headers={"X-Token": "hidden token"}),
        "post": http_module(method="POST", body="12345",
                            headers={"Content-Type": "text/x-test"}),
        "put": http_module(method="PUT"),
        "head": http_module(method="HEAD"),
        "gzip": http_module(compression="gzip", headers={"Accept-Encoding": "gzip"}),
        "gzip_alone": http_module(compression="gzip"),
        "body_well": http_module(fail_if_body_not_matches_regexp=["it is (well|good)", "^it"]),
        "body_ill": http_module(fail_if_body_matches_regexp=["never", "is w[a-f]ll"]),
        "body_end": http_module(fail_if_body_matches_regexp=["well$"]),
        "body_line": http_module(fail_if_body_matches_regexp=["(?m)well$"]),
        "body_umlaut": http_module(fail_if_body_not_matches_regexp=["^Z.rich", "(?i)ZÜRICH"]),
        "body_late": http_module(fail_if_body_not_matches_regexp=["the end"]),
        "host_is": http_module(fail_if_body_not_matches_regexp=["^virtual.test\n"]),
        "host_is_tls": http_module(fail_if_body_not_matches_regexp=["^leaf.test\n"],
                                   tls_config=ours),
        "header_ill": http_module(fail_if_header_matches=[
            {"header": "X-State", "regexp": "all w.ll"}]),
        "header_ill_missing": http_module(fail_if_header_matches=[
            {"header": "X-State", "regexp": ".*", "allow_missing": True}]),
        "header_well": http_module(fail_if_header_not_matches=[
            {"header": "x-two", "regexp": "two"},
            {"header": "X-Nothing", "regexp": "x", "allow_missing": True}]),
        "header_must": http_module(fail_if_header_not_matches=[
            {"header": "X-Nothing", "regexp": "x"}]),
        "limit_4": http_module(body_size_limit="4B"),
        "limit_11": http_module(body_size_limit="11B"),
        "limit_10": http_module(body_size_limit="10B"),
        "limit_1k": http_module("2s", body_size_limit="1KB"),
        "ip4": http_module(preferred_ip_protocol="ip4"),
        "ip6": http_module(preferred_ip_protocol="ip6"),
        "ip4_only": http_module(preferred_ip_protocol="ip4", ip_protocol_fallback=False),
        "ip6_only": http_module(preferred_ip_protocol="ip6", ip_protocol_fallback=False),
        "proxy": http_module(proxy_url=proxy, tls_config=ours),
        "proxy_skip": http_module(proxy_url=proxy, tls_config=ours,
                                  skip_resolve_phase_with_proxy=True),
        "proxy_pass": http_module(proxy_url=pass_proxy, tls_config=ours),
        "proxy_header": http_module(proxy_url=pass_proxy, tls_config=ours,
                                    proxy_connect_header={"X-Pass": ["let me in"]}),
        "proxy_407": http_module(
            tls_config=ours,
            proxy_url=f"http://me:proxy%20secret@127.0.0.2:{ports['password_proxy']}"),
        "proxy_refused": http_module(proxy_url=f"http://127.0.0.1:{ports['nobody']}"),
        "tcp_connect": tcp_module(),
        "tcp_long": tcp_module({"expect": "something"}, timeout="8s"),
        "tcp_ip4": tcp_module(preferred_ip_protocol="ip4"),
        "tcp_ip4_only": tcp_module(preferred_ip_protocol="ip4", ip_protocol_fallback=False),
        "tcp_tls": tcp_module(tls=True, tls_config=ours),
        "tcp_tls_any": tcp_module(tls=True, tls_config=anything),
        "tcp_tls_named": tcp_module(tls=True, tls_config={**ours, "server_name": "leaf.test"}),
        "pop3s": tcp_module({"expect": r"^\+OK"}, tls=True, tls_config=ours),
        "echo": tcp_module({"expect": r"^220 .*version ([0-9.]+)$", "send": "version ${1}"},
                           {"expect": r"^250 you said version 1\.2\.3$"}),
        "echo_wrong": tcp_module({"expect": "^220", "send": "x"}, {"expect": "^500"},
                                 timeout="800ms"),
        "send_only": tcp_module({"send": "hello"}),
        "irc": tcp_module({"send": "NICK prober"},
                          {"send": "USER prober prober prober :prober"},
                          {"expect": "PING :([^ ]+)", "send": "PONG ${1}"},
                          {"expect": "^:[^ ]+ 001"}),
        "smtp": tcp_module({"expect": "^220 ([^ ]+) ESMTP", "send": "EHLO prober"},
                           {"expect": "^250-STARTTLS"}, {"expect": "^250 "},
                           {"send": "STARTTLS"}, {"expect": "^220"}, {"starttls": True},
                           {"send": "EHLO prober"}, {"expect": "^250-STARTTLS"},
                           {"expect": "^250 ", "send": "QUIT"}, {"expect": "^221"},
                           tls_config=ours),
        "smtp_short": tcp_module({"expect": "^220", "send": "EHLO prober"},
                                 {"expect": "^250 ", "send": "STARTTLS"}, {"expect": "^220"},
                                 {"starttls": True}, timeout="800ms", tls_config=ours),
        "ssh": tcp_module({"expect": "^SSH-2.0-"}, timeout="800ms"),
        "icmp": {"prober": "icmp"},
        "dns": {"prober": "dns", "dns": {"query_name": "leaf.test"}},
        "grpc": {"prober": "grpc", "grpc": {"service": "s"}},
    }}


def cases(ports, misbehave):
    """Every (module, target) that is compared."""
    def url(path, site="plain", host="127.0.0.1", scheme="http"):
        return f"{scheme}://{host}:{ports[site]}{path}"

    def tls(path, site="tls", host="leaf.test"):
        return url(path, site, host, "https")

    def bad(path):
        return f"http://127.0.0.1:{misbehave.port}{path}"

    def tcp(name, host="127.0.0.1"):
        return f"{host}:{ports[name]}"

    return [
        *[Case(f"http {path}", "http_2xx", url(path)) for path in (
            "/", "/empty", "/file", "/chunked", "/gzip", "/status/204", "/status/400",
            "/status/404", "/status/418", "/status/500", "/status/503", "/moved", "/moved2",
            "/moved3", "/gone", "/elsewhere", "/to_six", "/to_nobody", "/to_missing", "/to_ftp",
            "/nowhere", "/loop", "/to_untrusted", "/basic", "/bearer", "/?a=b&c=%20d")],
        Case("http /status/304", "http_2xx", url("/status/304")),
        Case("http /cookie", "http_2xx", url("/cookie")),
        Case("http /sent", "http_2xx", url("/sent")),
        Case("http blank in the path", "http_2xx", url("/a b")),
        Case("http blank in the query", "http_2xx", url("/?a=b c")),
        Case("http /to_blank", "http_2xx", url("/to_blank")),
        Case("http encoded already", "http_2xx", url("/%66ile?a=%2f+%20")),
        Case("http umlaut in the path", "http_2xx", url("/ä")),
        Case("http name", "http_2xx", url("/", host="leaf.test")),
        Case("http without scheme", "http_2xx", f"127.0.0.1:{ports['plain']}"),
        Case("http without scheme, path", "http_2xx", f"leaf.test:{ports['plain']}/file"),
        Case("http scheme in capitals", "http_2xx", url("/", scheme="HTTP")),
        Case("http fragment", "http_2xx", url("/#here")),
        Case("http user in the URL", "http_2xx", f"http://me:my%20secret@127.0.0.1:"
             f"{ports['plain']}/basic"),
        Case("http no host", "http_2xx", "http://"),
        Case("http not a URL", "http_2xx", "http://[::1"),
        Case("http other scheme", "http_2xx", "ftp://leaf.test/"),
        Case("http IPv6", "http_2xx", url("/", "six", "[::1]")),
        Case("http 1.0", "http_2xx", url("/", "http_1_0")),
        Case("http 1.0 header", "header_well", url("/", "http_1_0")),
        Case("http hostname", "host_is", url("/host"), {"hostname": "virtual.test"}),
        Case("http hostname and header", "headers", url("/headers"), {"hostname": "virtual.test"}),
        Case("codes 404", "odd_codes", url("/status/404")),
        Case("codes 418", "odd_codes", url("/status/418")),
        Case("codes 200", "odd_codes", url("/")),
        Case("stay", "stay", url("/moved")),
        Case("stay, elsewhere", "stay", url("/elsewhere")),
        Case("stay, old word", "stay_old_word", url("/moved")),
        *[Case(module, module, url("/basic")) for module in ("basic", "basic_file")],
        *[Case(module, module, url("/bearer")) for module in ("bearer", "bearer_old_word")],
        Case("headers", "headers", url("/headers")),
        Case("headers moved", "headers", url("/moved")),
        *[Case(f"token {path}", "token", url(path)) for path in ("/token", "/to_token")],
        Case("basic elsewhere", "basic", url("/to_basic")),
        Case("bearer moved", "bearer", url("/to_bearer")),
        Case("post", "post", url("/post")),
        Case("post 307", "post", url("/moved307")),
        Case("post 303", "post", url("/moved303")),
        Case("put", "put", url("/method")),
        Case("head", "head", url("/file")),
        Case("head gzip", "head", url("/gzip")),
        Case("gzip", "gzip", url("/gzip")),
        Case("gzip alone", "gzip_alone", url("/gzip")),
        Case("gzip not compressed", "gzip", url("/file")),
        Case("body well", "body_well", url("/")),
        Case("body well, is not", "body_well", url("/post")),
        Case("body well, other status", "body_well", url("/status/404")),
        Case("body ill", "body_ill", url("/")),
        Case("body ill, is not", "body_ill", url("/file")),
        Case("body ill, redirected", "body_ill", url("/moved")),
        Case("body end", "body_end", url("/")),
        Case("body line", "body_line", url("/")),
        Case("body umlaut", "body_umlaut", url("/umlaut")),
        Case("body late", "body_late", url("/late")),
        Case("body large", "http_2xx", url("/large")),
        *[Case(f"{module} {path}", module, url(path))
          for module in ("header_ill", "header_ill_missing", "header_well", "header_must")
          for path in ("/named", "/")],
        *[Case(module, module, url("/")) for module in ("limit_4", "limit_10", "limit_11")],
        Case("limit chunked", "limit_4", url("/chunked")),
        Case("limit head", "head", url("/")),
        Case("limit flood", "limit_1k", bad("/flood")),
        *[Case(f"both {module}", module, url("/", "both", "both.test"))
          for module in ("http_2xx", "ip4", "ip6", "ip4_only", "ip6_only")],
        *[Case(f"both, one listens {module}", module, url("/", "plain", "both.test"))
          for module in ("http_2xx", "ip4", "ip6_only")],
        *[Case(f"{site} {module}", module, url("/", site, f"{host}.test"))
          for site, host in (("six", "six"), ("plain", "four"))
          for module in ("ip4", "ip6", "ip4_only", "ip6_only")],
        Case("literal 4 ip6", "ip6", url("/")),
        Case("literal 4 ip6_only", "ip6_only", url("/")),
        Case("literal 6 ip4", "ip4", url("/", "six", "[::1]")),
        Case("literal 6 ip4_only", "ip4_only", url("/", "six", "[::1]")),
        Case("refused", "http_2xx", url("/", "nobody")),
        Case("refused name", "http_2xx", url("/", "nobody", "leaf.test")),
        Case("name missing", "http_2xx", "http://missing.test/"),
        Case("name missing ip4_only", "ip4_only", "http://missing.test/"),
        Case("name broken", "http_2xx", "http://broken.test/"),
        Case("name hangs", "short", "http://hang.test/"),
        *[Case(f"bad {path}", "http_2xx", bad(path)) for path in (
            "/", "/garbage", "/cut", "/nothing", "/reset", "/reset_midway", "/chunks",
            "/to_file", "/headers")],
        *[Case(f"bad {path}", "short", bad(path)) for path in (
            "/silent", "/drip", "/drip_status")],
        Case("bad at once", "http_2xx", f"http://127.0.0.1:{misbehave.rst_port}/"),
        Case("bad at once, TLS", "tls", f"https://127.0.0.1:{misbehave.rst_port}/"),

        *[Case(f"tls {module}", module, tls("/")) for module in (
            "tls", "tls_any", "tls_http1", "tls_only_1", "tls_only_2", "tls_13", "tls_12",
            "tls_client", "http_2xx", "ssl_wanted", "ssl_unwanted", "no_such_file")],
        *[Case(f"tls {path}", "tls", tls(path)) for path in (
            "/file", "/chunked", "/moved3", "/to_plain", "/status/404", "/to_untrusted",
            "/to_nobody", "/elsewhere")],
        *[Case(f"tls11 {module}", module, tls("/", "tls11")) for module in (
            "tls", "tls_only_2", "tls_12")],
        *[Case(f"tls old {module}", module, tls("/", "old")) for module in (
            "tls", "tls_13", "tls_any")],
        *[Case(f"tls {site} {module}", module, tls("/", site))
          for site in ("incomplete", "expired", "wrong", "itself")
          for module in ("tls", "tls_any")],
        Case("tls other of its names", "tls", tls("/", host="other.test")),
        Case("tls address", "tls", tls("/", host="127.0.0.1")),
        Case("tls address, named", "tls_named", tls("/", host="127.0.0.1")),
        *[Case(f"tls {site} {module}", module, tls("/", site))
          for site, module in (("ancient", "tls"), ("ancient", "tls_10"), ("weak", "tls"),
                               ("weak", "tls_any"), ("nameless", "tls"), ("old", "tls_10"))],
        Case("tls wildcard", "tls", tls("/", host="host.wild.test")),
        Case("tls wildcard, too deep", "tls", tls("/", host="host.in.wild.test")),
        Case("tls sni", "tls", tls("/sni")),
        Case("tls sni address", "tls_any", tls("/sni", host="127.0.0.1")),
        Case("tls sni named", "tls_named", tls("/sni", host="127.0.0.1")),
        Case("tls sni header", "tls_host", tls("/sni", host="127.0.0.1")),
        Case("tls sni hostname", "tls_any", tls("/sni", host="127.0.0.1"),
             {"hostname": "virtual.test"}),
        Case("tls hostname", "host_is_tls", tls("/host", host="127.0.0.1"),
             {"hostname": "leaf.test"}),
        Case("tls client without", "tls", tls("/", "client")),
        Case("tls client with", "tls_client", tls("/", "client")),
        Case("client elsewhere", "tls_client", url("/to_client")),
        Case("tls on plain", "tls", tls("/", "plain")),
        Case("plain on tls", "http_2xx", url("/", "tls")),
        Case("plain on tls11", "http_2xx", url("/", "tls11")),
        Case("tls refused", "tls", tls("/", "nobody")),
        Case("tls silent", "tls_any_short", tls("/", "silent")),
        Case("to tls", "tls", url("/to_tls")),
        Case("to tls, ssl_wanted", "ssl_wanted", url("/to_tls")),
        Case("to tls, ssl_unwanted", "ssl_unwanted", url("/to_tls")),
        Case("plain, ssl_wanted", "ssl_wanted", url("/")),
        Case("plain, ssl_unwanted", "ssl_unwanted", url("/")),

        Case("proxy", "proxy", url("/", host="leaf.test")),
        Case("proxy 404", "proxy", url("/status/404", host="leaf.test")),
        Case("proxy moved", "proxy", url("/moved", host="leaf.test")),
        Case("proxy tls", "proxy", tls("/")),
        Case("proxy to_tls", "proxy", url("/to_tls", host="leaf.test")),
        Case("proxy skip", "proxy_skip", url("/", host="leaf.test")),
        Case("proxy skip tls", "proxy_skip", tls("/")),
        Case("proxy missing", "proxy", "http://missing.test/"),
        Case("proxy pass", "proxy_pass", tls("/")),
        Case("proxy pass, header", "proxy_header", tls("/")),
        Case("proxy pass, plain", "proxy_pass", url("/", host="leaf.test")),
        Case("proxy 407", "proxy_407", url("/", host="leaf.test")),
        Case("proxy 407 tls", "proxy_407", tls("/")),
        Case("proxy refused", "proxy_refused", url("/", host="leaf.test")),

        *[Case(f"tcp {name}", "tcp_connect", tcp(name)) for name in (
            "plain", "silent", "closes", "nobody")],
        Case("tcp name", "tcp_connect", tcp("plain", "leaf.test")),
        Case("tcp both", "tcp_connect", tcp("both", "both.test")),
        Case("tcp both, one listens", "tcp_connect", tcp("plain", "both.test")),
        Case("tcp both ip4", "tcp_ip4", tcp("plain", "both.test")),
        Case("tcp six ip4", "tcp_ip4", tcp("six", "six.test")),
        Case("tcp six ip4_only", "tcp_ip4_only", tcp("six", "six.test")),
        Case("tcp IPv6", "tcp_connect", tcp("six", "[::1]")),
        Case("tcp missing", "tcp_connect", "missing.test:80"),
        Case("tcp without port", "tcp_connect", "127.0.0.1"),
        Case("tcp URL", "tcp_connect", url("/")),
        Case("tcp port too large", "tcp_connect", "127.0.0.1:99999"),
        Case("tcp no host", "tcp_connect", f":{ports['plain']}"),
        Case("tcp tls", "tcp_tls", tcp("tls", "leaf.test")),
        Case("tcp tls address", "tcp_tls", tcp("tls")),
        Case("tcp tls named", "tcp_tls_named", tcp("tls")),
        Case("tcp tls hostname", "tcp_tls", tcp("tls"), {"hostname": "leaf.test"}),
        Case("tcp tls any", "tcp_tls_any", tcp("itself", "leaf.test")),
        Case("tcp tls untrusted", "tcp_tls", tcp("itself", "leaf.test")),
        Case("tcp tls expired", "tcp_tls", tcp("expired", "leaf.test")),
        Case("tcp tls on plain", "tcp_tls", tcp("plain", "leaf.test")),
        Case("tcp tls closes", "tcp_tls", tcp("closes", "leaf.test")),
        Case("tcp pop3s", "pop3s", tcp("pop3s", "leaf.test")),
        Case("tcp echo", "echo", tcp("echo")),
        Case("tcp echo_wrong", "echo_wrong", tcp("echo")),
        Case("tcp send_only", "send_only", tcp("echo")),
        Case("tcp irc", "irc", tcp("irc")),
        Case("tcp smtp", "smtp", tcp("smtp", "leaf.test")),
        Case("tcp smtp address", "smtp", tcp("smtp")),
        Case("tcp smtp, no starttls", "smtp_short", tcp("no_starttls", "leaf.test")),
        *[Case(f"tcp ssh {name}", "ssh", tcp(name)) for name in (
            "silent", "closes", "echo", "half", "half_and_end", "many", "wide", "nobody")],
    ]


class Blackbox(Process):
    """Debian's blackbox_exporter, ready to be asked."""

    def __init__(self, file, netns):
        self.port = free_port()
        self.netns = netns
        super().__init__([tool("blackbox_exporter"), f"--config.file={file}",
                          f"--web.listen-address=127.0.0.1:{self.port}"], netns=netns)
        wait_until(self._is_ready, self.log)

    def _is_ready(self):
        if not self.running():
            raise self._failed("not ready")
        with contextlib.suppress(OSError):
            return ask(self)[0] == 400
        return False


def ask(exporter, target=None, module=None, headers=None, **more):
    """GET /probe: (status, content type, body as bytes)."""
    query = {"target": target, "module": module, **more}
    path = "/probe?" + urllib.parse.urlencode(
        {name: value for name, value in query.items() if value is not None})
    with inside(exporter.netns):
        connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=30)
        connection.connect()
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read()
    finally:
        connection.close()


class BlackboxCase(ProbeCase):
    """The servers in a namespace of their own, and the file."""

    def setUp(self):
        super().setUp()
        self.netns, _, self.script = self.name_server(*NAMES)
        # All ports of the namespace are free, and those of free_port() stay so.
        self.netns.sysctl("ipv4.ip_local_port_range", "10000 30000")
        self.ports = {name: 7000 + number for number, name in enumerate((*SITES, "nobody"))}
        self.make_certificates()
        self.start_nginx()
        self.misbehaving = self.misbehave(netns=self.netns)
        self.start_talks()
        self.write("password", "my secret\n")
        # JSON is YAML.
        self.file = self.write("blackbox.yml",
                               json.dumps(modules(self.dir, self.ports), indent=1))
        self.theirs = self.enterContext(Blackbox(self.file, self.netns))

    def make_certificates(self):
        self.certificate("ca", "outboundtest CA", days=(-1, 40))
        self.certificate("between", "between", "ca", (-1, 10), authority=True)
        self.certificate("leaf", "leaf.test", "between", (-1, 20),
                         more='/C=EU/O=Test, "odd" <Sons>/OU=#Zürich; north',
                         also=("other.test", "*.wild.test"))
        self.certificate("client", "somebody", "ca")
        self.certificate("expired", "leaf.test", "ca", (-20, -1))
        self.certificate("wrong", "wrong.test", "ca")
        self.certificate("itself", "leaf.test")
        self.certificate("weak", "leaf.test", "ca", bits=1024)
        self.certificate("nameless", "leaf.test", "ca", nameless=True)
        chain = [(self.dir / f"{name}.pem").read_text() for name in ("leaf", "between")]
        self.write("chain.pem", "".join(chain))

    def start_nginx(self):
        words = {"dir": self.dir, **self.ports}
        self.write("file", "it is well, says the file\n")
        self.write("late", "not yet\n" * 200_000 + "the end\n")
        self.write("large", "it is much\n" * 1_000_000)
        self.write("pages", PAGES % words)
        conf = self.write("nginx.conf", NGINX % words)
        server = self.start([tool("nginx"), "-e", f"{self.dir}/nginx.log", "-c", conf],
                            netns=self.netns)
        wait_until(lambda: (self.dir / "nginx.pid").exists() or not server.running(),
                   lambda: f"nginx\n{server.log()}")
        self.assertTrue(server.running(), server.log())

    def start_talks(self):
        server = self.start([PYTHON, SERVERS / "talk.py", self.dir / "chain.pem",
                             self.dir / "leaf.key"], netns=self.netns)
        while True:
            name, _, port = server.line().partition(" ")
            if name == "ready":
                return
            self.ports[name] = int(port)
