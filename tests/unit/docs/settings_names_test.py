"""Settings are called by names that they have: the variables that tests give to programs, and `section.field` in documents.

usage: settings_names_test.py repository
"""
import glob
import os
import re
import sys

TEST_FOLDERS = 'e2e fault integration support bench'.split()  # tests/unit/config has tables of its own
VARIABLE = re.compile(r'"(UNIBOX_[A-Z0-9_]*[A-Z0-9])"')
FIELD = re.compile(r'`([a-z_]+)\.((?!hpp`)[a-z0-9_]{2,})`')  # not `nats.h`
WRITTEN_BY_UP = {'UNIBOX_API_KEY', 'UNIBOX_GATEWAY_URL'}  # for whoever uses the stack


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def settings_of(text):
    """All variables, and the names of the fields of each section, whichever service's."""
    fields, section = {}, ''
    for line in text.splitlines():
        if match := re.fullmatch(r'### \S+ `\[(\w+)\]`', line):
            section = match[1]
        elif match := re.match(r'\| `(\w+)` \| `UNIBOX_\w+` ', line):
            fields.setdefault(section, set()).add(match[1])
    return set(re.findall(r'`(UNIBOX_\w+)`', text)), fields


def main() -> int:
    root = sys.argv[1]
    variables, fields = settings_of(read(f'{root}/docs/config.md'))
    if len(variables) < 100 or 'postgres' not in fields:
        print('docs/config.md has another form than this test reads')
        return 1
    wrong = []
    for folder in TEST_FOLDERS:
        for path in glob.glob(f'{root}/tests/{folder}/**/*.[ch]pp', recursive=True):
            wrong += [(path, name) for name in VARIABLE.findall(read(path)) if name not in variables | WRITTEN_BY_UP]
    for path in glob.glob(f'{root}/**/*.md', recursive=True):
        if path.startswith(f'{root}/build/') or path.endswith('CHANGELOG.md'):
            continue
        wrong += [(path, f'{section}.{field}') for section, field in FIELD.findall(read(path))
                  if section in fields and field not in fields[section]]
    for path, name in wrong:
        print(f'{os.path.relpath(path, root)}: {name} is no setting (docs/config.md)')
    return 1 if wrong else 0


sys.exit(main())
