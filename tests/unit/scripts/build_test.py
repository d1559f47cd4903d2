"""A build folder is configured anew when its presets change, and belongs to one build at a time."""
import fcntl
import os
import subprocess
import tempfile
import unittest

import shell

FAKE_CMAKE = '#!/bin/sh\necho "$@" >>calls\nmkdir -p build/dev && touch build/dev/build.ninja\n'


class BuildFolder(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.repo = os.path.realpath(holder.name)
        self.write('CMakePresets.json', 'one')
        self.write('bin/cmake', FAKE_CMAKE)
        os.chmod(os.path.join(self.repo, 'bin', 'cmake'), 0o755)

    def write(self, path, text):
        full = os.path.join(self.repo, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, 'w', encoding='utf-8') as file:
            file.write(text)

    def calls_after(self, configure):
        ended = shell.run(['build'], f'repo=$1 PATH=$1/bin:$PATH\n{configure}', self.repo)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        with open(os.path.join(self.repo, 'calls'), encoding='utf-8') as file:
            return len(file.readlines())

    def test_configured_when_options_or_presets_change(self):
        self.assertEqual(self.calls_after('configure dev; configure dev'), 1)
        self.assertEqual(self.calls_after('configure dev -DX=1'), 2)
        self.write('CMakePresets.json', 'two')
        self.assertEqual(self.calls_after('configure dev -DX=1'), 3)
        self.assertEqual(self.calls_after('configure dev -DX=1'), 3)

    def test_a_second_build_waits(self):
        self.write('build/dev/.lock', '')
        with open(os.path.join(self.repo, 'build/dev/.lock'), 'w', encoding='utf-8') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            script = f'source {shell.ROOT}/scripts/lib/common.sh; source {shell.ROOT}/scripts/lib/build.sh; repo=$1\n' \
                     'with_build_lock dev echo mine'
            with subprocess.Popen(['bash', '-c', script, 'script', self.repo], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as second:
                self.assertIn('waiting for another build', second.stderr.readline())
                self.assertIsNone(second.poll())
                fcntl.flock(lock, fcntl.LOCK_UN)
                self.assertEqual(second.communicate()[0], 'mine\n')


class MissingTargets(unittest.TestCase):
    def configure(self, grpc):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, 'CMakeLists.txt'), 'w', encoding='utf-8') as file:
                file.write(f'cmake_minimum_required(VERSION 3.25)\nproject(tiny NONE)\nset(UNIBOX_GRPC {grpc})\n'
                           f'include({shell.ROOT}/scripts/cmake/unibox_floors.cmake)\nadd_custom_target(unibox_here)\n'
                           'unibox_test(a_test LABEL unit DEPS here gone SOURCES a.cpp)\n')
            return shell.command('cmake', '-S', folder, '-B', os.path.join(folder, 'build'))

    def test_a_test_does_not_vanish(self):
        ended = self.configure('ON')
        self.assertNotEqual(ended.returncode, 0)
        self.assertIn('a_test needs the target unibox_gone', ended.stderr)

    def test_without_grpc_it_is_left_out(self):
        ended = self.configure('OFF')
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn('a_test is left out', ended.stdout)


if __name__ == '__main__':
    unittest.main()
