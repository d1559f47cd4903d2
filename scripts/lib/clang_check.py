#!/usr/bin/env python3
"""clang-tidy and clang's thread-safety analysis over some source files, with the flags of build/dev.

  clang_check.py REPOSITORY JOBS FILE...

GCC's precompiled headers mean nothing to clang: the same standard headers are included by flag instead.
"""
import concurrent.futures
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile

DROPPED = ('-Winvalid-pch', '-fpch-preprocess', '-mno-direct-extern-access')


def without_gcc_header(header, folder):
    """A copy of CMake's header away from GCC's precompiled form of it, which clang would take for its own."""
    copy = os.path.join(folder, hashlib.sha256(header.encode()).hexdigest()[:16] + '.hpp')
    if not os.path.exists(copy):
        with open(header, encoding='utf-8') as source, open(copy, 'w', encoding='utf-8') as target:
            target.write(source.read())
    return copy


def arguments_of(entry, folder):
    """The compiler's arguments without launcher, output and precompiled header."""
    words = shlex.split(entry['command'])
    start = next(i for i, word in enumerate(words) if os.path.basename(word).startswith(('c++', 'g++', 'clang++')))
    kept, skip = [], 0
    for word in words[start + 1:]:
        if skip:
            skip -= 1
        elif word in ('-o', '-c'):
            skip = 1
        elif word.endswith('cmake_pch.hxx'):
            kept.append(without_gcc_header(word, folder))
        elif word not in DROPPED:
            kept.append(word)
    return kept


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def check(path, entry, arguments):
    extra = ['-Wno-unknown-warning-option', '-Wno-unused-command-line-argument']
    analysis = ['clang++-14', '-fsyntax-only', '-Wthread-safety', '-Werror=thread-safety', *arguments, *extra, path]
    code, output = run(analysis, entry['directory'])
    if code:
        return path, output
    tidy = ['clang-tidy-14', '--quiet', path, '--', *arguments, *extra]
    code, output = run(tidy, entry['directory'])
    return path, output if code else ''


def main():
    root, jobs, files = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    with open(os.path.join(root, 'build/dev/compile_commands.json'), encoding='utf-8') as database:
        entries = {os.path.realpath(entry['file']): entry for entry in json.load(database)}
    wanted = [os.path.realpath(os.path.join(root, name)) for name in files]
    known = [path for path in wanted if path in entries]
    for path in sorted(set(wanted) - set(known)):
        print(f'{os.path.relpath(path, root)}: not built in this configuration, not checked')
    failed = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        arguments = {path: arguments_of(entries[path], folder) for path in known}
        for path, output in pool.map(lambda p: check(p, entries[p], arguments[p]), known):
            if output:
                failed += 1
                print(f'--- {os.path.relpath(path, root)}\n{output}')
    print(f'clang: {len(known)} files, {failed} with findings')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
