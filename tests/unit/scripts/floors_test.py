"""What scripts/cmake/unibox_floors.cmake refuses to configure, each in a small project of its own; and that what writes
conversations and messages is in the one library that message-writer alone may link."""
import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..'))
PROJECT = '''cmake_minimum_required(VERSION 3.25)
project(floors LANGUAGES CXX)
include({root}/scripts/cmake/unibox_floors.cmake)
add_library(unibox_warnings INTERFACE)
file(WRITE ${{CMAKE_SOURCE_DIR}}/main.cpp "int main() {{}}")
add_library(unibox_pch OBJECT main.cpp)
target_precompile_headers(unibox_pch PRIVATE <vector>)
{rest}
'''


def configure(rest):
    """(whether CMake takes the project, what it says)"""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, 'CMakeLists.txt'), 'w', encoding='utf-8') as file:
            file.write(PROJECT.format(root=ROOT, rest=rest))
        done = subprocess.run(['cmake', '-S', folder, '-B', os.path.join(folder, 'build')], capture_output=True, text=True,
                              check=False)
        return done.returncode == 0, re.sub(r'\s+', ' ', done.stderr)


def library(name, floor, deps='', services=''):
    return f'unibox_library({name} FLOOR {floor} SERVICES {services} SOURCES main.cpp DEPS {deps})\n'


class Floors(unittest.TestCase):
    def test_what_may_be_linked(self):
        taken, said = configure(library('low', 1) + library('kept', 2, 'low', services='one two') +
                                'unibox_service(one SOURCES main.cpp DEPS low kept)\n')
        self.assertTrue(taken, said)

    def test_only_lower_floors(self):
        taken, said = configure(library('a', 1) + library('b', 1, 'a'))
        self.assertFalse(taken)
        self.assertIn('layering: b (floor 1) must not depend on a (floor 1)', said)

    def test_kept_for_a_service(self):
        kept = library('kept', 2, services='one')
        for other in ('unibox_service(other SOURCES main.cpp DEPS kept)\n', library('other', 3, 'kept')):
            taken, said = configure(kept + other)
            self.assertFalse(taken, other)
            self.assertIn('layering: other must not link kept, which is kept for one', said)


class Writer(unittest.TestCase):
    """Rule 3 of docs/architecture.md: only message-writer writes conversations and messages."""
    KEPT_FOR = {'store_writer': ['message-writer'], 'store_admin': ['uniboxctl', 'gateway']}

    def test_nothing_else_writes(self):
        writes = re.compile(r'(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\s+"?\s*"?'
                            r'(messages|conversations|conversation_counters|contacts|contact_moves|threads|ext_ref|outbox)\b')
        where = set()
        for path in glob.glob(os.path.join(ROOT, 'libs', '**', '*.[ch]pp'), recursive=True):
            with open(path, encoding='utf-8') as file:
                if writes.search(file.read()):
                    where.add(os.path.relpath(path, ROOT))
        self.assertIn('libs/store/writer/detail/batch_write_sql.hpp', where)
        self.assertEqual({path for path in where if not path.startswith('libs/store/writer/')}, set())

    def test_who_may_link_it(self):
        for target, kept_for in self.KEPT_FOR.items():
            folder = target.replace('_', '/')
            with open(os.path.join(ROOT, 'libs', folder, 'CMakeLists.txt'), encoding='utf-8') as file:
                services = re.search(r'\bSERVICES((?:\s+[a-z][\w-]*)+)\n', file.read())
            self.assertEqual(services[1].split(), kept_for, target)
            for other in {'gateway', 'webhook-ingest'} - set(kept_for):
                taken, said = configure(library(target, 4, services=services[1].strip()) +
                                        f'unibox_service({other} SOURCES main.cpp DEPS {target})\n')
                self.assertFalse(taken)
                self.assertIn(f'layering: {other} must not link {target}', said)


if __name__ == '__main__':
    sys.exit(unittest.main())
