"""The closing line of scripts/test counts what CTest's log says, crashes and time-outs included."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', 'scripts', 'lib'))
import count_tests  # noqa: E402


def block(number, output, verdict):
    return (f'{number}/9 Testing: a\n{number}/9 Test: a\nCommand: "a"\nOutput:\n----------\n{output}\n<end of output>\n'
            f'Test time =   0.01 sec\n----------\n{verdict}\n"a" end time: now\n')


class Totals(unittest.TestCase):
    def test_catch(self):
        log = block(1, 'All tests passed (66 assertions in 14 test cases)\n', 'Test Passed.')
        log += block(2, 'All tests passed (1 assertion in 1 test case)\n', 'Test Passed.')
        self.assertEqual(count_tests.totals(log), (15, 0))

    def test_catch_failures(self):
        text = 'test cases: 10 | 7 passed | 3 failed\nassertions: 90 | 87 passed | 3 failed\n'
        self.assertEqual(count_tests.totals(block(1, text, 'Test Failed.')), (7, 3))

    def test_crash_and_sanitizer(self):
        self.assertEqual(count_tests.totals(block(1, 'Segmentation fault\n', 'Test Failed.')), (0, 1))
        leaked = 'All tests passed (2 assertions in 2 test cases)\nLeakSanitizer: detected\n'
        self.assertEqual(count_tests.totals(block(1, leaked, 'Test Failed.')), (2, 1))

    def test_other_programs(self):
        self.assertEqual(count_tests.totals(block(1, 'tidy: clean\n', 'Test Passed.')), (1, 0))
        self.assertEqual(count_tests.totals(block(1, 'Ran 12 tests in 0.1s\n\nOK\n', 'Test Passed.')), (12, 0))
        failed = 'Ran 12 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n'
        self.assertEqual(count_tests.totals(block(1, failed, 'Test Failed.')), (9, 3))


if __name__ == '__main__':
    unittest.main()
