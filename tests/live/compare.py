"""Two answers to /probe, side by side: what is in one and not in the other, or is not equal."""

import math

# Seconds that a probe took: no two are equal.
DURATIONS = {"probe_duration_seconds", "probe_dns_lookup_time_seconds",
             "probe_http_duration_seconds"}
# What a handshake or request is never done within.
NO_TIME = 1e-7


def _name(series):
    name, pairs = series
    labels = ",".join(f'{label}="{value}"' for label, value in sorted(pairs))
    return f"{name}{{{labels}}}" if labels else name


def _same(name, ours, theirs):
    """Of durations, only whether any time passed."""
    if name in DURATIONS:
        return (ours > NO_TIME) == (theirs > NO_TIME)
    return ours == theirs or (math.isnan(ours) and math.isnan(theirs))


def differences(ours, theirs):
    """{(metric, what): text} of two Pages; what: "added", "missing", "value" or "type"."""
    found = {}
    for series in ours.keys() - theirs.keys():
        found.setdefault((series[0], "added"), []).append(_name(series))
    for series in theirs.keys() - ours.keys():
        found.setdefault((series[0], "missing"), []).append(_name(series))
    for series in ours.keys() & theirs.keys():
        if not _same(series[0], ours[series], theirs[series]):
            found.setdefault((series[0], "value"), []).append(
                f"{_name(series)} is {ours[series]:.16g}, not {theirs[series]:.16g}")
    for name in ours.types.keys() & theirs.types.keys():
        if ours.types[name] != theirs.types[name]:
            found[name, "type"] = [f"{name}: {ours.types[name]}, not {theirs.types[name]}"]
    return {key: "; ".join(sorted(texts)) for key, texts in found.items()}
