"""Counts test cases of a Bazel run: count.py EVENTS STATUS.

EVENTS is what --build_event_json_file wrote, STATUS Bazel's exit code. A libtest program counts as many cases as its
`test result:` lines say. A test without such a line (clippy, rustfmt) counts as one, and so does each target that
crashed, ran out of time or was never built. The exit code is 0 only if Bazel succeeded and nothing failed.
"""

import json
import re
import sys
import urllib.parse

RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed;", re.M)


def read_events(path):
    """The labels of all tests, and the last attempt of each (label, run, shard) with its log."""
    tests, attempts = set(), {}
    for line in open(path, encoding="utf-8"):
        event = json.loads(line)
        if "targetConfigured" in event["id"] and "testSize" in event.get("configured", {}):
            tests.add(event["id"]["targetConfigured"]["label"])
        if "testResult" in event["id"] and "testResult" in event:
            of = event["id"]["testResult"]
            tests.add(of["label"])
            logs = [output["uri"] for output in event["testResult"].get("testActionOutput", [])
                    if output["name"] == "test.log"]
            attempts[of["label"], of.get("run", 1), of.get("shard", 1)] = (event["testResult"]["status"], logs)
    return tests, attempts


def count_log(status, logs):
    """(passed, failed) of one test program."""
    passed = failed = 0
    text = ""
    for uri in logs:
        path = urllib.parse.unquote(urllib.parse.urlparse(uri).path)
        text += open(path, encoding="utf-8", errors="replace").read()
    results = RESULT.findall(text)
    for ok, bad in results:
        passed += int(ok)
        failed += int(bad)
    if status in ("PASSED", "FLAKY"):
        return (passed, failed) if results else (1, 0)
    return passed, max(failed, 1)


def main():
    tests, attempts = read_events(sys.argv[1])
    passed = failed = 0
    for (label, _, _), (status, logs) in sorted(attempts.items()):
        ok, bad = count_log(status, logs)
        passed, failed = passed + ok, failed + bad
        if bad:
            print(f"{label}: {status}, {bad} failed")
    for label in sorted(tests - {label for label, _, _ in attempts}):
        print(f"{label}: did not run")
        failed += 1
    bazel_failed = int(sys.argv[2]) != 0
    if bazel_failed and not failed:
        print("Bazel failed before any test did")
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or bazel_failed else 0


sys.exit(main())
