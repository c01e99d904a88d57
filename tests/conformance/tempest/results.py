"""From a subunit stream to a verdict for every selected test.

Tempest reports a class that is skipped or cannot be set up as one event named
`setUpClass (module.Class)`, and its tests then do not appear at all. Here each
selected test always has a status of its own, so that the three numbers add up to
the same total on every cloud:

    pass | fail | skip | notrun     (notrun: the time limit came first)
"""

import collections
import json
import re

import subunit
import testtools

STATUS = {
    "success": "pass",
    "xfail": "pass",
    "skip": "skip",
    "fail": "fail",
    "uxsuccess": "fail",
    "error": "fail",
    "inprogress": "notrun",
}
CLASS_EVENT = re.compile(r"^(setUpClass|tearDownClass|setUpModule|tearDownModule) \((.+)\)$")
TRACEBACK_LINES = 14


def plain(test_id):
    """The id without Tempest's attributes: `...test_x[id-...,smoke]` -> `...test_x`."""
    return re.sub(r"\[[^]]*\bid-[^]]*\]", "", test_id)


def class_of(test_id):
    return plain(test_id).rpartition(".")[0]


class Collector:
    """Reads the stream while the tests run; `on_result(status, id)` at each verdict."""

    def __init__(self, on_result):
        self.tests, self.class_events, self.on_result = {}, {}, on_result

    def read(self, stream):
        result = testtools.StreamToDict(self._one)
        result.startTestRun()
        try:
            subunit.ByteStreamToStreamResult(stream, non_subunit_name="stdout").run(result)
        finally:
            result.stopTestRun()

    def _one(self, test):
        if test["id"] == "stdout" or test["status"] == "exists":
            return
        status = STATUS.get(test["status"], "fail")
        first, last = test["timestamps"][0], test["timestamps"][-1]
        row = {"status": status, "seconds": round((last - first).total_seconds(), 2) if first and last else None}
        details = {k: v for k, v in test["details"].items() if not k.startswith("pythonlogging")}
        if status == "skip":
            row["reason"] = details["reason"].as_text() if "reason" in details else "(none given)"
        elif status == "fail":
            text = "\n".join(v.as_text() for k, v in details.items() if k.startswith("traceback"))
            text = (
                text
                or "\n".join(v.as_text() for v in details.values() if v.content_type.type == "text")
                or "(no traceback)"
            )
            row["traceback"] = text.strip().splitlines()[-TRACEBACK_LINES:]
        event = CLASS_EVENT.match(test["id"])
        if event:
            self.class_events[event.group(1), event.group(2)] = row
        else:
            self.tests[plain(test["id"])] = row
        self.on_result(status, test["id"])

    def verdicts(self, selected):
        """[{id, status, seconds, reason | traceback}] for the selected ids, in order,
        followed by the class events that failed without belonging to one test."""
        rows = []
        for test_id in map(plain, selected):
            row = self.tests.get(test_id)
            if row is None or row["status"] == "notrun":
                whole = self.class_events.get(("setUpClass", class_of(test_id)))
                if whole:
                    row = dict(whole, seconds=0, of_class=True)
            rows.append(dict({"id": test_id}, **(row or {"status": "notrun", "seconds": None})))
        known = {class_of(t) for t in selected}
        for (kind, name), row in sorted(self.class_events.items()):
            if row["status"] == "fail" and (kind != "setUpClass" or name not in known):
                rows.append(dict({"id": f"{kind} ({name})"}, **row))
        return rows


# ---- the report ---------------------------------------------------------------------


def counts(rows):
    return collections.Counter(r["status"] for r in rows)


def skip_reasons(rows):
    """Reason -> number of tests; names and ids of single things are folded together."""
    reasons = collections.Counter()
    for row in rows:
        if row["status"] == "skip":
            reason = " ".join(row["reason"].split())
            reason = re.sub(r"^(\S+: )?\w*Tests?\w* skipped", "(class) skipped", reason)
            reasons[reason] += 1
    return reasons.most_common()


def message(row):
    """The one line that says what went wrong."""
    lines = [line for line in row.get("traceback", []) if line.strip()]
    for line in lines:
        if re.match(
            r"^[\w.]*(Exception|Error|Mismatch|Timeout|Found|Request|Forbidden|Conflict|"
            r"Unauthorized|Fault|Gone|Details|Resource|Configuration)\w*(:|$)",
            line,
        ):
            start = lines.index(line)
            return " ".join(" ".join(lines[start : start + 3]).split())[:300]
    return lines[-1].strip()[:300] if lines else ""


def table(rows, paint):
    """Lines: one per test class, then the failures, then the skip reasons."""
    classes = {}
    for row in rows:
        name = row["id"] if " (" in row["id"] else class_of(row["id"])
        classes.setdefault(name, []).append(row)
    width = min(100, max(map(len, classes), default=0))
    yield f"{'class':{width}} {'pass':>5} {'fail':>5} {'skip':>5} {'notrun':>6} {'seconds':>8}"
    for name, mine in sorted(classes.items()):
        n = counts(mine)
        seconds = sum(r["seconds"] or 0 for r in mine)
        line = (
            f"{name[-width:]:{width}} {n['pass'] or '-':>5} {n['fail'] or '-':>5} "
            f"{n['skip'] or '-':>5} {n['notrun'] or '-':>6} {seconds:8.1f}"
        )
        yield paint("fail" if n["fail"] else "skip" if n["skip"] or n["notrun"] else "pass", line)
    groups = collections.defaultdict(list)
    for row in rows:
        if row["status"] == "fail":
            groups[class_of(row["id"]) if row.get("of_class") else row["id"]].append(row)
    if groups:
        yield ""
        yield f"failures ({counts(rows)['fail']})"
    for name, mine in sorted(groups.items()):
        whole = f" (all {len(mine)} tests: class set-up)" if mine[0].get("of_class") else ""
        yield paint("fail", f"  {name}{whole}")
        yield f"      {message(mine[0])}"
    reasons = skip_reasons(rows)
    if reasons:
        yield ""
        yield f"skip reasons ({counts(rows)['skip']} tests)"
        for reason, n in reasons:
            yield f"{n:6}  {reason}"


def last_line(rows):
    n = counts(rows)
    line = f"{n['pass']} passed, {n['fail']} failed, {n['skip']} skipped"
    return line + (f", {n['notrun']} not run (time limit)" if n["notrun"] else "")


# ---- baselines --------------------------------------------------------------------


def save_baseline(path, rows, about):
    """Class -> test -> status; small enough to review, stable enough to diff."""
    tests = collections.defaultdict(dict)
    for row in rows:
        if " (" in row["id"]:
            tests[row["id"]] = row["status"]
        else:
            name, _, test = row["id"].rpartition(".")
            tests[name][test] = row["status"]
    body = ",\n".join(f"  {json.dumps(k)}: {json.dumps(tests[k], sort_keys=True)}" for k in sorted(tests))
    about = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in about.items())
    path.write_text('{\n%s,\n "tests": {\n%s\n }\n}\n' % (about, body))


def load_baseline(path):
    """{test id: status} of a baseline or of a report."""
    data = json.loads(path.read_text())
    if isinstance(data["tests"], list):
        return {r["id"]: r["status"] for r in data["tests"]}
    found = {}
    for name, value in data["tests"].items():
        if isinstance(value, str):
            found[name] = value
        else:
            found.update({f"{name}.{t}": s for t, s in value.items()})
    return found


def gap(rows, expected):
    """(rows the baseline passes and this cloud does not, ids only this cloud passes).

    A failed tearDownClass that the baseline does not have is part of the gap: the
    cloud would not let go of what a class had made.
    """
    mine = {r["id"]: r for r in rows}
    missing = [
        dict(mine.get(i, {"id": i, "status": "absent"}))
        for i, status in expected.items()
        if status == "pass" and mine.get(i, {}).get("status") != "pass"
    ]
    missing += [r for r in rows if r["status"] == "fail" and " (" in r["id"] and expected.get(r["id"]) != "fail"]
    more = [r["id"] for r in rows if r["status"] == "pass" and expected.get(r["id"]) != "pass"]
    return missing, more
