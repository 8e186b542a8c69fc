"""Two answers to /probe, side by side: what is in one and not in the other, or is not equal."""

import collections

# Seconds that something took: no two are equal.
DURATIONS = ("probe_duration_seconds", "probe_dns_lookup_time_seconds",
             "probe_http_duration_seconds")
# What a label later versions added.
NEW_LABELS = {"probe_ssl_last_chain_info": "serialnumber"}

Difference = collections.namedtuple("Difference", "case metric what text")
# Something that is meant to differ; `cases` are those in which it does, None: any.
Row = collections.namedtuple("Row", "metric what reason cases", defaults=(None,))


def _text(series):
    name, pairs = series
    labels = ",".join(f'{label}="{value}"' for label, value in sorted(pairs))
    return f"{name}{{{labels}}}" if labels else name


def _without_new_label(page):
    """The page as if labels of later versions were not there, and the metrics that have them."""
    stripped, metrics = {}, set()
    for (name, pairs), value in page.items():
        kept = frozenset(pair for pair in pairs if pair[0] != NEW_LABELS.get(name))
        if kept != pairs:
            metrics.add(name)
        stripped[name, kept] = value
    return stripped, metrics


def _compare(series, ours, theirs, success):
    """None when they are the same, else what is not; of phases only whether any time passed."""
    name, pairs = series
    if name != "probe_http_duration_seconds":
        return None if name in DURATIONS or ours == theirs else "value"
    if success and dict(pairs)["phase"] in ("resolve", "transfer"):
        return None  # may be too short to be measured
    if (ours > 0) == (theirs > 0):
        return None
    return "value" if success else "phase"


def differences(case, ours, theirs):
    """[Difference] of two Pages.

    What: "added", "missing", "value", "label", "type", or "phase": of a probe that failed.
    """
    stripped, relabeled = _without_new_label(ours)
    found = [Difference(case, name, "label", NEW_LABELS[name]) for name in relabeled]
    for what, one, other in (("added", stripped, theirs), ("missing", theirs, stripped)):
        found += [Difference(case, series[0], what, _text(series))
                  for series in sorted(one.keys() - other.keys(), key=_text)]
    success = ours.value("probe_success") and theirs.value("probe_success")
    for series in stripped.keys() & theirs.keys():
        what = _compare(series, stripped[series], theirs[series], success)
        if what:
            found.append(Difference(
                case, series[0], what,
                f"{_text(series)} is {stripped[series]:.16g}, not {theirs[series]:.16g}"))
    for name in ours.types.keys() & theirs.types.keys():
        if ours.types[name] != theirs.types[name]:
            found.append(Difference(case, name, "type", f"{ours.types[name]}, "
                                    f"not {theirs.types[name]}"))
    return found


def covers(row, difference):
    return ((row.metric, row.what) == (difference.metric, difference.what)
            and (row.cases is None or difference.case in row.cases))


def unexplained(found, rows):
    """Differences for which there is no row."""
    return [one for one in found if not any(covers(row, one) for row in rows)]


def outdated(found, rows):
    """What rows say and is not so: (metric, what, case or None)."""
    seen = {(one.metric, one.what, one.case) for one in found}
    seen |= {(one.metric, one.what, None) for one in found}
    return [(row.metric, row.what, case) for row in rows for case in row.cases or (None,)
            if (row.metric, row.what, case) not in seen]


def grouped(found):
    """{"metric what": {case: text}}, for people to read."""
    groups = collections.defaultdict(dict)
    for one in found:
        texts = groups[f"{one.metric} {one.what}"]
        texts[one.case] = "; ".join(filter(None, (texts.get(one.case), one.text)))
    return dict(groups)


def check_durations(page):
    """Nothing negative; phases one after the other, and within the whole; nan is neither."""
    for (name, pairs), value in page.items():
        if name in DURATIONS and not value >= 0:
            raise AssertionError(f"{_text((name, pairs))} is {value}")
    whole = page.value("probe_duration_seconds")
    phases = page.sum("probe_http_duration_seconds")
    lookup = page.get_value("probe_dns_lookup_time_seconds") or 0
    if not max(phases, lookup) <= whole + 1e-3:
        raise AssertionError(f"phases {phases}, lookup {lookup}, the whole {whole}")
