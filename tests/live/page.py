"""A page of the text format 0.0.4, read strictly: what is not exactly right is an error.

Written from the format's description, not from the exporter, so that a mistake there is a
failure here: families in one piece, TYPE and HELP before their samples, no series twice, names
and labels well formed, histograms cumulative, a newline at the end.
"""

import collections
import re

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
SUFFIXES = ("_bucket", "_sum", "_count")


def _unescape(text):
    return re.sub(r'\\[\\"n]', lambda found: ESCAPES[found.group()], text)


def _labels(text):
    labels, at = {}, 0
    while at < len(text):
        pair = PAIR.match(text, at)
        if not pair:
            raise AssertionError(f"bad labels: {{{text}}}")
        if pair[1] in labels:
            raise AssertionError(f"label twice: {{{text}}}")
        labels[pair[1]] = _unescape(pair[2])
        at = pair.end()
        if at < len(text):
            if text[at] != ",":
                raise AssertionError(f"no comma: {{{text}}}")
            at += 1
    return labels


def _sample(line):
    name = NAME.match(line)
    if not name:
        raise AssertionError(f"bad sample: {line}")
    rest, labels = line[name.end():], {}
    if rest.startswith("{"):
        end = _closing_brace(rest)
        labels, rest = _labels(rest[1:end]), rest[end + 1:]
    if not re.fullmatch(r" \S+", rest):
        raise AssertionError(f"bad value, or a timestamp: {line}")
    return name[0], labels, float(rest)


def _closing_brace(text):
    quoted = False
    at = 0
    while at < len(text):
        if quoted and text[at] == "\\":
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        elif text[at] == "}" and not quoted:
            return at
        at += 1
    raise AssertionError(f"no closing brace: {text}")


class Page(dict):
    """{(name, frozenset of label pairs): value}; `text` is what it was read from."""

    def __init__(self, body):
        super().__init__()
        self.text = body.decode("utf-8")
        self.types = {}
        self._helps = set()
        self._finished = set()
        self._family = None
        if self.text and not self.text.endswith("\n"):
            raise AssertionError("no newline at the end")
        for line in self.text.split("\n")[:-1]:
            self._read(line)
        self._check_histograms()

    def _read(self, line):
        if line.startswith("#"):
            self._read_comment(line)
            return
        name, labels, value = _sample(line)
        self._enter(self._family_of(name))
        if self._family not in self.types or self._family not in self._helps:
            raise AssertionError(f"no TYPE or HELP before: {line}")
        key = name, frozenset(labels.items())
        if key in self:
            raise AssertionError(f"series twice: {line}")
        self[key] = value

    def _read_comment(self, line):
        words = line.split(" ", 3)
        if len(words) < 3 or words[1] not in ("HELP", "TYPE") or not NAME.fullmatch(words[2]):
            raise AssertionError(f"bad comment: {line}")
        self._enter(words[2])
        if words[1] == "HELP":
            self._helps.add(words[2])
        elif words[2] in self.types or len(words) < 4 or words[3] not in TYPES:
            raise AssertionError(f"bad or second TYPE: {line}")
        else:
            self.types[words[2]] = words[3]

    def _family_of(self, name):
        for suffix in SUFFIXES:
            base = name[:-len(suffix)]
            if name.endswith(suffix) and self.types.get(base) in ("histogram", "summary"):
                return base
        return name

    def _enter(self, family):
        if family == self._family:
            return
        if family in self._finished:
            raise AssertionError(f"family in two pieces: {family}")
        self._finished.add(self._family)
        self._family = family

    def _check_histograms(self):
        for family, kind in self.types.items():
            if kind == "histogram":
                self._check_histogram(family)

    def _check_histogram(self, family):
        buckets = collections.defaultdict(list)
        for (name, pairs), value in self.items():
            if name == f"{family}_bucket":
                rest = frozenset(pair for pair in pairs if pair[0] != "le")
                buckets[rest].append((float(dict(pairs)["le"]), value))
        for rest, steps in buckets.items():
            values = [value for _, value in steps]
            if steps != sorted(steps) or values != sorted(values):
                raise AssertionError(f"{family}: buckets do not rise: {steps}")
            if steps[-1] != (float("inf"), self[f"{family}_count", rest]):
                raise AssertionError(f"{family}: +Inf is not the count")

    def value(self, name, **labels):
        """The sample with exactly these labels; KeyError when there is none."""
        return self[name, frozenset(labels.items())]

    def get_value(self, name, **labels):
        """As value(), but None when there is none."""
        return self.get((name, frozenset(labels.items())))

    def series(self, name, **labels):
        """[(labels as a dict, value)] of the samples that carry at least these labels."""
        wanted = set(labels.items())
        return [(dict(pairs), value) for (found, pairs), value in self.items()
                if found == name and wanted <= pairs]

    def sum(self, name, **labels):
        return sum(value for _, value in self.series(name, **labels))

    def connections(self, target):
        """{(destination, state): count} of one target, like ss_counts() without zeros."""
        return {(labels["destination"], labels["state"]): int(value) for labels, value
                in self.series("outbound_connections", target=target) if value}

    def unowned(self, to, **labels):
        """{(destination, state): count} of unowned_connections to these destinations.

        Over all namespaces, or with netns="..." in one. Others' leftovers are there as well,
        for a minute: so ask for destinations of your own, and mind max_destinations.
        """
        found = collections.Counter()
        for labels, value in self.series("outbound_unowned_connections", **labels):
            if labels["destination"] in to:
                found[labels["destination"], labels["state"]] += int(value)
        return {key: value for key, value in found.items() if value}

    def destinations(self, target):
        return {labels["destination"] for labels, _
                in self.series("outbound_connections", target=target)}
