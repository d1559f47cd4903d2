#!/usr/bin/env python3
"""Prints "<passed> <failed>" test cases from CTest's LastTest.log.

A program that reports its cases (Catch2, Python's unittest) counts as so many; any other counts as one. A program that
failed without a failed case (a crash, a sanitizer's report, a time-out) counts one failure more.
"""
import re
import sys

CASES = r'(\d+) test cases?'
ALL_PASSED = re.compile(r'^All tests passed \(.* in ' + CASES + r'\)', re.M)
MIXED = re.compile(r'^test cases:(.*)$', re.M)
UNITTEST = re.compile(r'^Ran (\d+) tests? in ', re.M)
UNITTEST_FAILED = re.compile(r'^FAILED \((.*)\)', re.M)


def catch_counts(text):
    """(passed, failed) of one Catch2 summary, or None."""
    everything = ALL_PASSED.findall(text)
    if everything:
        return int(everything[-1]), 0
    mixed = MIXED.findall(text)
    if not mixed:
        return None
    fields = {words.split()[1]: int(words.split()[0])
              for words in mixed[-1].split('|')[1:] if len(words.split()) == 2}
    return fields.get('passed', 0), fields.get('failed', 0)


def unittest_counts(text):
    ran = UNITTEST.findall(text)
    if not ran:
        return None
    failed = sum(int(n) for group in UNITTEST_FAILED.findall(text) for n in re.findall(r'=(\d+)', group))
    return max(0, int(ran[-1]) - failed), failed


def counts_of(block):
    ok = re.search(r'^Test Passed\.$', block, re.M) is not None
    counts = catch_counts(block) or unittest_counts(block) or ((1, 0) if ok else (0, 1))
    if not ok and counts[1] == 0:
        counts = (counts[0], 1)
    return counts


def totals(log):
    blocks = re.split(r'^\d+/\d+ Test(?:ing)?: ', log, flags=re.M)
    results = [counts_of(block) for block in blocks if re.search(r'^Test (Passed|Failed|time)', block, re.M)]
    return sum(r[0] for r in results), sum(r[1] for r in results)


if __name__ == '__main__':
    with open(sys.argv[1], encoding='utf-8', errors='replace') as log_file:
        passed, failed = totals(log_file.read())
    print(passed, failed)
