#!/usr/bin/env python3
"""Prints "<passed> <failed>" test cases of one CTest run.

  count_tests.py JUNIT_FILE CTEST_STATUS     the file of ctest --output-junit, and ctest's exit code

CTest alone says which test ran and whether it passed; what a program prints only says how many cases it has. A program
that reports its cases (Catch2, Python's unittest) counts as so many; any other counts as one. A test that did not pass
without a failed case (a crash, a sanitizer's report, a time-out, a program that never started) counts one failure more,
and so does one that passed without running a case. A run without tests, or one that CTest calls failed although nothing
failed, has one failure.
"""
import re
import sys
import xml.etree.ElementTree

CASES = r'(\d+) test cases?'
ALL_PASSED = re.compile(r'^All tests passed \(.* in ' + CASES + r'\)', re.M)
MIXED = re.compile(r'^test cases:(.*)$', re.M)
NOTHING_RAN = re.compile(r'^No tests ran', re.M)
UNITTEST = re.compile(r'^Ran (\d+) tests? in ', re.M)
UNITTEST_FAILED = re.compile(r'^FAILED \((.*)\)', re.M)


def catch_counts(text):
    """(passed, failed) of one Catch2 summary, or None."""
    everything = ALL_PASSED.findall(text)
    if everything:
        return int(everything[-1]), 0
    mixed = MIXED.findall(text)
    if mixed:
        fields = {words.split()[1]: int(words.split()[0])
                  for words in mixed[-1].split('|')[1:] if len(words.split()) == 2}
        return fields.get('passed', 0), fields.get('failed', 0)
    return (0, 0) if NOTHING_RAN.search(text) else None


def unittest_counts(text):
    ran = UNITTEST.findall(text)
    if not ran:
        return None
    failed = sum(int(n) for group in UNITTEST_FAILED.findall(text)
                 for n in re.findall(r'(?:failures|errors|unexpected successes)=(\d+)', group))
    return max(0, int(ran[-1]) - failed), failed


def counts_of(status, output):
    """(passed, failed) of one test; `status` is CTest's: run, fail, notrun, disabled."""
    if status == 'disabled':
        return 0, 0
    ok = status == 'run'
    passed, failed = catch_counts(output) or unittest_counts(output) or (int(ok), 0)
    if failed == 0 and (not ok or passed == 0):
        failed = 1
    return passed, failed


def totals(tests, ctest_status):
    """`tests`: (status, output) of each."""
    results = [counts_of(status, output) for status, output in tests]
    passed, failed = sum(r[0] for r in results), sum(r[1] for r in results)
    if failed == 0 and (passed == 0 or ctest_status != 0):
        failed = 1
    return passed, failed


def tests_of(junit_path):
    try:
        suite = xml.etree.ElementTree.parse(junit_path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError) as failure:
        print(f'count_tests: {junit_path}: {failure}', file=sys.stderr)
        return []
    return [(case.get('status'), case.findtext('system-out') or '') for case in suite.iter('testcase')]


if __name__ == '__main__':
    print(*totals(tests_of(sys.argv[1]), int(sys.argv[2])))
