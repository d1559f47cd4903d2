"""scripts/lib/inbox.py shows what a newer server answers."""
import os
import sys
import unittest

import shell

sys.path.insert(0, os.path.join(shell.ROOT, 'scripts', 'lib'))
import inbox  # noqa: E402


class Gateway:
    @staticmethod
    def pages(_path, _field):
        return iter([{'seq': '1', 'text': 'hello', 'attachments': [{'type': 99}, {'type': 'ATTACHMENT_TYPE_IMAGE'}, {}]}])


class UnknownNumbers(unittest.TestCase):
    def test_an_unknown_enum_value_is_shown_as_its_number(self):
        rows = list(inbox.rows_of(Gateway, [{'id': 'c', 'provider': 77, 'threadKey': 't'}]))
        self.assertEqual((rows[0][0], rows[0][-1]), ('77', '[99] [image] [] hello'))

    def test_a_known_one_as_its_word(self):
        rows = list(inbox.rows_of(Gateway, [{'id': 'c', 'provider': 'PROVIDER_TELEGRAM', 'threadKey': 't'}]))
        self.assertEqual(rows[0][0], 'telegram')


if __name__ == '__main__':
    unittest.main()
