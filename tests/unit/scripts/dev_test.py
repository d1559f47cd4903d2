"""scripts/dev refuses what it does not know before it does anything; its git hook stands beside no other."""
import os
import shutil
import tempfile
import unittest

import shell


class Arguments(unittest.TestCase):
    def test_unknown_ones(self):
        for words in (['check', '--al'], ['check', '--all', 'x']):
            ended = shell.command(f'{shell.ROOT}/scripts/dev', *words)
            self.assertNotEqual(ended.returncode, 0)
            self.assertEqual(ended.stderr.splitlines()[0], 'dev: error: unknown argument ' + ' '.join(words[1:]))
        self.assertNotEqual(shell.run(['check'], 'format_sources --chek').returncode, 0)


class Hooks(unittest.TestCase):
    def test_installed_once_and_beside_no_other(self):
        with tempfile.TemporaryDirectory() as repo:
            environment = {name: value for name, value in os.environ.items() if not name.startswith('GIT_')}
            shell.command('git', 'init', '--quiet', repo, env=environment)
            shutil.copytree(os.path.join(shell.ROOT, 'scripts'), os.path.join(repo, 'scripts'))
            hook = os.path.join(repo, '.git', 'hooks', 'pre-commit')
            for _ in range(2):
                ended = shell.command(f'{repo}/scripts/dev', 'hooks', env=environment)
                self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertTrue(os.access(hook, os.X_OK))
            with open(hook, encoding='utf-8') as file:
                self.assertIn('scripts/dev check --staged', file.read())
            with open(hook, 'w', encoding='utf-8') as file:
                file.write('#!/bin/sh\n')
            self.assertNotEqual(shell.command(f'{repo}/scripts/dev', 'hooks', env=environment).returncode, 0)


if __name__ == '__main__':
    unittest.main()
