"""The closing line of scripts/test counts what CTest says, crashes, time-outs and tests that never ran included."""
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..'))
sys.path.insert(0, os.path.join(ROOT, 'scripts', 'lib'))
import count_tests  # noqa: E402

GOOD = 'add_test(good sh -c "echo \'All tests passed (66 assertions in 14 test cases)\'")\n'


def totals(output, status='run', ctest_status=0):
    return count_tests.totals([(status, output)], ctest_status)


class Totals(unittest.TestCase):
    def test_catch(self):
        tests = [('run', 'All tests passed (66 assertions in 14 test cases)\n'),
                 ('run', 'All tests passed (1 assertion in 1 test case)\n')]
        self.assertEqual(count_tests.totals(tests, 0), (15, 0))

    def test_catch_failures(self):
        text = 'test cases: 10 | 7 passed | 3 failed\nassertions: 90 | 87 passed | 3 failed\n'
        self.assertEqual(totals(text, 'fail'), (7, 3))

    def test_crash_and_sanitizer(self):
        self.assertEqual(totals('Segmentation fault\n', 'fail'), (0, 1))
        leaked = 'All tests passed (2 assertions in 2 test cases)\nLeakSanitizer: detected\n'
        self.assertEqual(totals(leaked, 'fail'), (2, 1))

    def test_other_programs(self):
        self.assertEqual(totals('tidy: clean\n'), (1, 0))
        self.assertEqual(totals('Ran 12 tests in 0.1s\n\nOK\n'), (12, 0))
        failed = 'Ran 12 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=4)\n'
        self.assertEqual(totals(failed, 'fail'), (9, 3))

    def test_what_ran_nothing_did_not_pass(self):
        self.assertEqual(totals('No tests ran\n'), (0, 1))
        self.assertEqual(totals('Ran 0 tests in 0.0s\n\nOK\n'), (0, 1))
        self.assertEqual(totals('', 'disabled'), (0, 1))
        self.assertEqual(count_tests.totals([], 0), (0, 1))

    def test_ctest_has_the_last_word(self):
        self.assertEqual(totals('tidy: clean\n', ctest_status=8), (1, 1))

    def test_no_report_is_a_failure(self):
        self.assertEqual(count_tests.tests_of('/nonexistent/tests.xml'), [])


def closing_line(test_file, script='run_tests tiny\nreport_tests\n'):
    """The last line and the exit code of a script that runs the tests of `test_file` (CTestTestfile.cmake) with CTest."""
    with tempfile.TemporaryDirectory() as repo:
        os.symlink(os.path.join(ROOT, 'scripts'), os.path.join(repo, 'scripts'))
        os.makedirs(os.path.join(repo, 'build', 'tiny'))
        with open(os.path.join(repo, 'build', 'tiny', 'CTestTestfile.cmake'), 'w', encoding='utf-8') as file:
            file.write(test_file)
        begin = f'source {ROOT}/scripts/lib/common.sh\nsource {ROOT}/scripts/lib/tests.sh\nrepo={repo}\npromise_report\n'
        ended = subprocess.run(['bash', '-c', begin + script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               check=False)
    return ended.stdout.splitlines()[-1], ended.returncode


class RealRuns(unittest.TestCase):
    def test_passes(self):
        self.assertEqual(closing_line(GOOD), ('14 passed, 0 failed', 0))

    def test_each_way_not_to_pass_is_one_failure(self):
        one_failure = ('14 passed, 1 failed', 1)
        self.assertEqual(closing_line(GOOD + 'add_test(missing "/nonexistent/program")\n'), one_failure)
        self.assertEqual(closing_line(GOOD + 'add_test(crash sh -c "kill -SEGV $$")\n'), one_failure)
        self.assertEqual(closing_line(GOOD + 'add_test(liar sh -c "echo \'Test Passed.\'; exit 3")\n'), one_failure)
        slow = 'add_test(slow sleep 60)\nset_tests_properties(slow PROPERTIES TIMEOUT 1)\n'
        self.assertEqual(closing_line(GOOD + slow), one_failure)

    def test_what_a_failed_fixture_kept_from_running(self):
        fixture = 'add_test(setup false)\nset_tests_properties(setup PROPERTIES FIXTURES_SETUP server)\n' \
                  'add_test(user true)\nset_tests_properties(user PROPERTIES FIXTURES_REQUIRED server)\n'
        self.assertEqual(closing_line(GOOD + fixture), ('14 passed, 2 failed', 1))

    def test_no_test_is_a_failure(self):
        self.assertEqual(closing_line(''), ('0 passed, 1 failed', 1))

    def test_the_closing_line_stands_whatever_ends_the_script(self):
        self.assertEqual(closing_line(GOOD, 'run_tests tiny\nfail "the build failed"\n'), ('14 passed, 1 failed', 1))
        self.assertEqual(closing_line(GOOD, 'false\n'), ('0 passed, 1 failed', 1))
        self.assertEqual(closing_line(GOOD, 'kill -TERM $$\n')[0], '0 passed, 1 failed')


if __name__ == '__main__':
    unittest.main()
