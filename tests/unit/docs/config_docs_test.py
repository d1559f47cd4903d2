"""docs/config.md says what the services say of themselves (scripts/dev docs makes it).

usage: config_docs_test.py docs/config.md program...
"""
import subprocess
import sys


def main() -> int:
    path, programs = sys.argv[1], sys.argv[2:]
    with open(path, encoding='utf-8') as file:
        text = file.read()
    sections = {}
    for part in text.split('\n## ')[1:]:
        sections[part.split('\n', 1)[0].strip()] = '## ' + part.rstrip() + '\n'
    failed = False
    for program in programs:
        said = subprocess.run([program, '--print-config', '--format', 'markdown'],
                              check=True, capture_output=True, text=True).stdout
        name = said.split('\n', 1)[0].removeprefix('## ').strip()
        if sections.pop(name, None) != said.rstrip() + '\n':
            print(f'{path}: the section of {name} is stale; run: scripts/dev docs')
            failed = True
    for name in sections:
        print(f'{path}: {name} is no service')
        failed = True
    return 1 if failed else 0


sys.exit(main())
