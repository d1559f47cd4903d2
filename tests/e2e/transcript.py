#!/usr/bin/env python3
"""Runs the commands of a document in one bash, and compares what each prints.

  transcript.py DOCUMENT

Commands stand in blocks of ```console behind "$ "; what follows is what they print, "…" being any text. Ends with 1 and both
texts at the first difference.
"""
import re
import subprocess
import sys

END = '--- the command has ended ---'
SECONDS_MAX = 100  # all commands together


def steps_of(document):
    """(command, expected lines), in their order."""
    steps = []
    for block in re.findall(r'^```console\n(.*?)^```$', document, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith('$ '):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line)
    return steps


def fits(expected, printed):
    pattern = r'.*'.join(re.escape(part) for part in '\n'.join(expected).split('…'))
    return re.fullmatch(pattern, '\n'.join(printed), re.DOTALL) is not None


class Shell:
    def __init__(self):
        self.process = subprocess.Popen(
            ['timeout', '--signal=KILL', str(SECONDS_MAX), 'bash', '--noprofile', '--norc'], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, command):
        self.process.stdin.write(f'{command}\necho "{END}"\n')
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.rstrip('\n') == END:
                return lines
            lines.append(line.rstrip('\n'))
        sys.exit(f'the shell has ended in: {command}\n' + '\n'.join(lines))


def main():
    with open(sys.argv[1], encoding='utf-8') as document:
        steps = steps_of(document.read())
    if not steps:
        sys.exit('no commands in the document')
    shell = Shell()
    for command, expected in steps:
        printed = shell.run(command)
        if not fits(expected, printed):
            sys.exit(f'$ {command}\n--- as written\n' + '\n'.join(expected) + '\n--- as printed\n' + '\n'.join(printed))
    print(f'{len(steps)} commands did what the document says')


if __name__ == '__main__':
    main()
