"""A real Prometheus server with a database of its own, asked through its HTTP API."""

import contextlib
import http.client
import json
import urllib.parse

from namespaces import inside
from workshop import free_port, tool, wait_until


class Prometheus:
    """Runs with `config`, the text of its configuration; see `process` and `query`."""

    def __init__(self, case, config, netns=None):
        self.netns = netns
        self.port = free_port()
        file = case.write(f"prometheus-{self.port}.yml", config)
        self.process = case.start([
            tool("prometheus"), f"--config.file={file}",
            f"--storage.tsdb.path={case.dir / f'data-{self.port}'}",
            f"--web.listen-address=127.0.0.1:{self.port}"], netns=netns)

    def wait_ready(self):
        wait_until(lambda: self.get("/-/ready"), self.process.log, timeout=60)
        return self

    def get(self, path):
        """The answer, or None when there is none, or it is an error."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            with contextlib.closing(connection):
                with inside(self.netns):
                    connection.connect()
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.read() if answer.status == 200 else None
        return None

    def query(self, expression):
        """[(labels, value)] now."""
        path = "/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        found = json.loads(self.get(path) or '{"data": {"result": []}}')["data"]["result"]
        return [(sample["metric"], float(sample["value"][1])) for sample in found]

    def api(self, path):
        return json.loads(self.get(path))["data"]
