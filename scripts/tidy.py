#!/usr/bin/env python3
"""The style of this repository as a test: prints every violation and exits 1 when there is one.

  scripts/tidy.py [--root DIR]

What each rule means stands beside it. An exception is a line in EXCEPTIONS with its reason; an exception that is not
needed any more is a violation too. Thread safety: one process, no state.
"""
import argparse
import ast
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))
import cpp_text  # noqa: E402

CPP_COLUMNS_MAX = 100
OTHER_COLUMNS_MAX = 140
CPP_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
BLOB_BYTES_MAX = 512 * 1024

# (rule, path or folder ending in '/') -> why it is allowed there.
EXCEPTIONS = {
    ('heavy-header', 'services/uniboxctl/yaml_reader.hpp'): 'private: the reader of tenants.yaml alone includes it',
    ('sleep', 'tests/support/eventually.hpp'): 'the one place that waits between two looks at a condition',
    ('sleep', 'tests/support/webhook_client.cpp'): 'a load keeps its pace, and a provider pauses before it tries again',
    ('include', 'libs/domain/event_key.cpp'): 'SHA-256 of the event key; crypto stands on the same floor as domain',
    ('clock', 'libs/async/periodic.cpp'): 'a thread that waits for real time',
    ('clock', 'libs/http/client.cpp'): 'bounds waits for a socket, which knows no other clock',
    ('clock', 'libs/http/fetch.cpp'): 'bounds waits for a socket, which knows no other clock',
    ('clock', 'libs/nats/connection.hpp'): 'the default of a parameter',
    ('clock', 'libs/nats/detail/event_loop.cpp'): 'bounds waits for sockets, which know no other clock',
    ('clock', 'libs/net/outgoing.cpp'): 'bounds waits for a socket, which knows no other clock',
    ('clock', 'libs/net/connection_counts.cpp'): 'bounds a wait for connections to end',
    ('clock', 'libs/obs/'): 'a line says when it was written',
    ('clock', 'libs/pg/'): 'bounds waits for sockets and connections, which know no other clock',
    ('clock', 'libs/redis/'): 'bounds waits for sockets, which know no other clock',
    ('clock', 'libs/rpc/'): 'deadlines are gRPC\'s, which knows no other clock',
    ('clock', 'libs/runtime/'): 'a process lives in real time: signals, the watchdog, the limit of a stop',
    ('clock', 'libs/store/admin/'): 'the time in the ids of what an operator makes',
    ('clock', 'libs/store/schema/'): 'says how long a migration took',
    ('clock', 'services/uniboxctl/'): 'a command that ends: its clock is the machine\'s',
    ('dead', 'libs/crypto/sealed_box.hpp'): 'tells what a rotation of keys has left to seal again; its verb is to come',
    ('dead', 'libs/redis/reasons.hpp'): 'whether a command may have been carried out: part of what the client promises',
    ('dead', 'libs/store/admin/people.hpp'): 'who works for a tenant; the calls that administer it are to come',
    ('dead', 'libs/pg/transaction.hpp'): 'what cannot be prepared: tests and benchmarks define tables and set up sessions',
    ('heavy-header', 'libs/channels/json.hpp'): 'internal to the library, which precompiles simdjson.h',
    ('heavy-header', 'libs/wire/detail/openapi_schemas.hpp'): 'private: the two files of the OpenAPI document include it',
    ('sql', 'libs/pg/'): 'BEGIN, COMMIT and set_config belong to the transaction types, not to the product',
}

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'services.txt'), encoding='utf-8') as service_list:
    SERVICES = tuple(f'services/{line.split()[0]}/' for line in service_list if not line.startswith('#'))

# Third-party header -> folders that alone may include it. Tests stand above all floors and may include anything.
INCLUDE_OWNERS = {
    r'libpq-fe\.h|postgres_ext\.h': ('libs/pg/',),
    r'nats/(nats|status|version|adapters/\w+)\.h$|nats\.h$': ('libs/nats/',),
    r'hiredis': ('libs/redis/',),
    r'boost/asio': ('libs/async/',),
    r'boost/beast': ('libs/http/',),
    r'grpcpp/|grpc/|grpc\+\+': ('libs/rpc/', *SERVICES),
    r'openssl/|sodium': ('libs/crypto/', 'libs/net/'),
    r'zlib\.h': ('libs/http/',),
    r'prometheus/|spdlog/': ('libs/obs/',),
    r'toml\+\+|toml\.hpp': ('libs/config/',),
    r'simdjson': ('libs/channels/', 'libs/wire/'),
    r'yaml-cpp|CLI/': ('services/uniboxctl/',),
}
# These cost more than a second in every file that sees them.
HEAVY_IN_HEADERS = r'nlohmann/json\.hpp|boost/beast|simdjson\.h|yaml-cpp|CLI/CLI|spdlog/|prometheus/'

UNFINISHED = re.compile(r'\b(FIX' + r'ME|TO' + r'DO|XX' + r'X)\b')
SLEEP = re.compile(r'\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(')
GETENV = re.compile(r'\b(getenv|secure_getenv|setenv|putenv)\s*\(')
SQL = re.compile(r'^\s*(WITH\s+\w+\s+AS\b|SELECT\s+\S|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\s|MERGE\s+INTO\s|'
                 r'(CREATE|ALTER|DROP|TRUNCATE)\s+(TABLE|ROLE|INDEX|FUNCTION|POLICY)\b)')
CLOCK = re.compile(r'\b(\w*_clock|\w*Clock|Steady)::now\(|\bSystemClock\(\)')
# A function that a header declares or defines: something that can be its type, then its name.
DECLARED = re.compile(r'^ *(?:[\w:<>,&*\[\]]+[ \n]+)+[&*]?([A-Z]\w+)\(', re.MULTILINE)
# What a header opens or, at its outermost level, defines: a namespace, a type, a constant.
NAMESPACE_OR_NAME = re.compile(r'^(?:namespace ([\w:]+) \{|(?:struct|class|enum|enum class) (\w+)(?: final)?(?: : [^;{]*)? \{|'
                               r'(?:inline )?constexpr [\w:<>, *]+?(k[A-Z]\w*)\b)', re.MULTILINE)
SINGLETON_NAMES = re.compile(r'(^|/)(utils?|manager|helpers?)\.(cpp|hpp)$')


class Report:
    """Collects violations; knows the exceptions and which of them were used."""

    def __init__(self, exceptions):
        self.exceptions, self.used, self.lines = exceptions, set(), []

    def add(self, rule, path, line, text):
        for key in ((rule, path), *((rule, folder) for folder in folders_of(path))):
            if key in self.exceptions:
                self.used.add(key)
                return
        self.lines.append(f'{path}:{line}: {text} [{rule}]')

    def finish(self):
        for rule, path in sorted(set(self.exceptions) - self.used):
            self.lines.append(f'scripts/tidy.py:1: the exception ({rule}, {path}) is not needed any more [exceptions]')
        return self.lines


def folders_of(path):
    parts = path.split('/')[:-1]
    return ['/'.join(parts[:n]) + '/' for n in range(1, len(parts) + 1)]


def line_of(text, position):
    return text.count('\n', 0, position) + 1


def check_columns(report, path, text):
    limit = CPP_COLUMNS_MAX if is_cpp(path) else OTHER_COLUMNS_MAX
    for number, line in enumerate(text.split('\n'), 1):
        if len(line) > limit:
            report.add('columns', path, number, f'{len(line)} columns, at most {limit}')
        if line != line.rstrip():
            report.add('columns', path, number, 'space at the end of the line')


def check_unfinished(report, path, text):
    for match in UNFINISHED.finditer(text):
        report.add('unfinished', path, line_of(text, match.start()), f'"{match[0]}": finish it or write an issue')


def check_cpp(report, path, text, code, literals):
    line_count = text.count('\n')
    if path.endswith('.cpp') and line_count > CPP_LINES_MAX:
        report.add('file-size', path, 1, f'{line_count} lines, at most {CPP_LINES_MAX}: split it by subject')
    for line, length in cpp_text.functions(code):
        if length > FUNCTION_LINES_MAX:
            report.add('function-size', path, line, f'a function of {length} lines, at most {FUNCTION_LINES_MAX}')
    for line in cpp_text.capturing_coroutines(code):
        report.add('lambda-coroutine', path, line, 'a capturing lambda is a coroutine: its captures die with the lambda; '
                   'make it a function that takes them by value')
    check_calls(report, path, code)
    check_mutexes(report, path, code)
    check_clocks(report, path, code)
    check_reasons(report, path, text)
    check_includes(report, path, text)
    if not path.startswith('tests/') and not path.startswith('libs/store/'):
        for line, literal in literals:
            if SQL.match(literal):
                report.add('sql', path, line, 'SQL of the product lives in libs/store and deploy/migrations')
    if SINGLETON_NAMES.search(path):
        report.add('names', path, 1, 'a name that says nothing: name the file after what it holds')


def check_calls(report, path, code):
    in_tests = path.startswith('tests/') and not path.startswith('tests/bench/')
    if in_tests:
        for match in SLEEP.finditer(code):
            report.add('sleep', path, line_of(code, match.start()), 'no sleeping in tests: Eventually or FakeClock')
    if not path.startswith('tests/') and not path.startswith('libs/config/'):
        for match in GETENV.finditer(code):
            report.add('getenv', path, line_of(code, match.start()), 'the environment is read in libs/config alone')


def check_clocks(report, path, code):
    """What decides by time gets its clock through the constructor, so that a test need not wait."""
    if path.startswith(('libs/base/', 'tests/')):
        return
    for match in CLOCK.finditer(code):
        report.add('clock', path, line_of(code, match.start()), f'{match[0]}: take a Clock (base/clock.hpp) in the constructor')


def check_mutexes(report, path, code):
    """What a lock guards is written down, and clang checks it: base/mutex.hpp."""
    if path.startswith(('libs/base/', 'tests/')):
        return
    for match in re.finditer(r'std::(mutex|lock_guard|unique_lock|scoped_lock)\b', code):
        report.add('mutex', path, line_of(code, match.start()), f'{match[0]}: unibox::Mutex and MutexLock are checked')


def check_dead(report, codes):
    """A function of a header that no product code calls is dead, whatever tests do with it. Getters are left alone."""
    files_of = {}
    for path, code in codes.items():
        for word in set(re.findall(r'\b[A-Z]\w+', code)):
            files_of.setdefault(word, set()).add(path)
    for path, code in codes.items():
        source = path[:-len('.hpp')] + '.cpp'
        for match in DECLARED.finditer(code) if path.endswith('.hpp') else ():
            name = match[1]
            is_called_there = code.count(name) > 1 or mentions(codes.get(source, ''), name) > 0
            if files_of[name] <= {path, source} and not is_called_there:
                report.add('dead', path, line_of(code, match.start(1)), f'no product code calls {name}')


def check_names(report, codes):
    """Two headers that define one name in one namespace: whoever links both gets either, without a word."""
    places = {}
    for path, code in codes.items():
        for name, line in names_defined(code) if path.endswith('.hpp') else ():
            first = places.setdefault(name, path)
            if first != path:
                report.add('one-name', path, line, f'{name} is defined in {first} too')


def names_defined(code):
    namespaces = ['']
    for match in NAMESPACE_OR_NAME.finditer(code):
        opened, name = match[1], match[2] or match[3]
        if opened:
            namespaces = [opened] if opened.startswith('unibox') else [*namespaces[:1], opened]
        else:
            yield '::'.join([*namespaces, name]), line_of(code, match.start())


def mentions(code, name):
    """How often the name stands there, but for its definition: that begins a line, after what can be its type."""
    definition = re.compile(r'^(?!return\b)[A-Za-z][\w:<>,&*\[\] ]*\b' + name + r'\(', re.MULTILINE)
    return len(re.findall(r'\b' + name + r'\b', code)) - len(definition.findall(code))


def check_reasons(report, path, text):
    """A reason on which code decides is a constant of the header that owns it."""
    for match in re.finditer(r'reason\(\) [!=]= "', text):
        if not path.startswith('tests/'):
            report.add('reason', path, line_of(text, match.start()), 'compare with a constant: nats/reasons.hpp, pg/sqlstate.hpp')


def check_includes(report, path, text):
    for number, line in enumerate(text.split('\n'), 1):
        included = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if not included:
            continue
        name = included[1]
        if path.endswith('.hpp') and not path.startswith('tests/') and re.match(HEAVY_IN_HEADERS, name):
            report.add('heavy-header', path, number, f'{name} is heavy: include it in a .cpp')
        bare = '/' not in name and '"' in line and not path.startswith('tests/')
        if bare or name.startswith('../'):
            report.add('include', path, number, 'include from the root of libs/ or services/')
        for pattern, owners in INCLUDE_OWNERS.items():
            if re.match(pattern, name) and not path.startswith(('tests/',) + owners):
                report.add('include', path, number, f'{name} may be included in {", ".join(owners)} only')


def check_header(report, path, text):
    if '#pragma once' not in text:
        report.add('header', path, 1, 'no #pragma once')
    if path.startswith(('libs/', 'services/')) and '/detail/' not in path and 'Thread safety:' not in text:
        report.add('thread-safety', path, 1, 'a public header says "Thread safety: ..." in a comment')


def check_python(report, path, text):
    for node in ast.walk(ast.parse(text, path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                report.add('function-size', path, node.lineno, f'a function of {length} lines')


def check_markdown(report, path, text, files):
    folder = os.path.dirname(path)
    for match in re.finditer(r'\]\(([^)#\s]+)(#[^)]*)?\)', text):
        target = match[1]
        if re.match(r'[a-z]+:', target):
            continue
        resolved = os.path.normpath(os.path.join(folder, target))
        if resolved not in files and not any(f.startswith(resolved + '/') for f in files):
            report.add('docs', path, line_of(text, match.start()), f'the link {target} leads nowhere')


def check_folders(report, files, texts):
    """What concerns several files: READMEs, sources that no target builds, headers and scripts that nobody uses."""
    for path in files:
        parts = path.split('/')
        if len(parts) >= 3 and parts[0] in ('libs', 'services') and parts[-1] == 'CMakeLists.txt':
            if f'{parts[0]}/{parts[1]}/README.md' not in files:
                report.add('readme', path, 1, f'{parts[0]}/{parts[1]} has no README.md')
    lists = '\n'.join(text for path, text in texts.items() if path.endswith(('CMakeLists.txt', '.cmake')))
    for path in files:
        name = os.path.basename(path)
        if path.endswith('.cpp') and not re.search(r'(^|[\s/(])' + re.escape(name) + r'\b', lists):
            report.add('unused', path, 1, 'no CMakeLists.txt names this file')
        if path.endswith('.hpp') and not is_included(path, texts):
            report.add('unused', path, 1, 'nothing includes this header')
        if path.startswith('scripts/lib/') and not is_named_elsewhere(path, texts):
            report.add('unused', path, 1, 'no script uses this file')


def is_included(path, texts):
    pattern = re.compile(r'#\s*include\s*"([^"]*/)?' + re.escape(os.path.basename(path)) + '"')
    return any(pattern.search(text) for other, text in texts.items() if is_cpp(other) and other != path)


def is_named_elsewhere(path, texts):
    name = os.path.basename(path)
    stem = name[:-3] if name.endswith(('.py', '.sh')) else name
    word = re.compile(r'\b' + re.escape(stem) + r'\b')
    return any(word.search(text) for other, text in texts.items() if other != path and other.startswith(('scripts/', '.ci/')))


def check_sections(report, texts):
    """What a comment quotes of a document is a heading there: README.md is the nearest one, other paths are the root's."""
    for path, text in texts.items():
        if not is_cpp(path):
            continue
        comments = re.sub(r'\n\s*//', '', text)
        for match in re.finditer(r'([\w./-]+\.md)(?: of this folder)?, "([^"]+)"', comments):
            document = match[1] if match[1] != 'README.md' else '/'.join((*path.split('/')[:2], 'README.md'))
            headings = re.findall(r'^#+ (.+)$', texts.get(document, ''), re.MULTILINE)
            if match[2] not in headings:
                report.add('section', path, 1, f'{document} has no section "{match[2]}"')


def check_floors(report, texts):
    """A library includes its own headers and those of strictly lower floors; a service no other service's, and nothing
    that is kept for another one."""
    floors = {folder.rstrip('/'): 5 for folder in (*SERVICES, 'services/uniboxctl/')}
    for number, folders in re.findall(r'set\(floor_(\d) ([^)]*)\)', texts.get('CMakeLists.txt', '')):
        floors.update({folder: int(number) for folder in folders.split()})
    homes = {folder.split('/', 1)[-1]: folder for folder in floors}
    kept = {}
    for path, text in texts.items():
        services = re.search(r'unibox_library\([^)]*?\bSERVICES((?:\s+[a-z][\w-]*)+)', text)
        if services and os.path.dirname(path) in floors:
            kept[os.path.dirname(path)] = [f'services/{service}' for service in services[1].split()]
    for path, text in texts.items():
        own = home_of(path, floors.keys())
        if not is_cpp(path) or own not in floors:
            continue
        for number, line in enumerate(text.split('\n'), 1):
            included = re.match(r'\s*#\s*include\s*"([^"]+/)', line)
            home = homes.get(home_of(included[1], homes.keys())) if included else None
            if home and home != own and floors[home] >= floors[own]:
                report.add('floor', path, number, f'{own} (floor {floors[own]}) must not include from {home} (floor {floors[home]})')
            if home in kept and own not in (home, *kept[home]):
                report.add('floor', path, number, f'{home} is kept for {", ".join(kept[home])}')


def home_of(path, folders):
    """The one of the folders, nested ones first, in which the path lies."""
    return next((path[:-1] for path in reversed(folders_of(path)) if path[:-1] in folders), None)


def check_packages(report, texts):
    """The README explains each dependency: no package without its line, no line without its package."""
    if 'scripts/lib/packages.txt' not in texts or 'README.md' not in texts:
        return
    rows = [line.split() for line in texts['scripts/lib/packages.txt'].split('\n') if line and line[0] != '#']
    for number, row in enumerate(rows, 1):
        if len(row) < 3:
            report.add('docs', 'scripts/lib/packages.txt', number, 'a package without a reason')
        elif row[0] in ('build', 'serve') and f'`{row[1]}`' not in texts['README.md']:
            report.add('docs', 'README.md', 1, f'the dependencies do not name `{row[1]}`')


def is_cpp(path):
    return path.endswith(('.cpp', '.hpp'))


def is_text(path):
    return path.endswith(('.cpp', '.hpp', '.py', '.sh', '.sql', '.proto', '.md', '.cmake', '.txt', '.yaml', '.toml')) \
        or os.path.dirname(path) in ('scripts', '.ci')


def repository_files(root):
    command = ['git', '-c', f'safe.directory={root}', '-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    listed = subprocess.run(command, check=True, capture_output=True).stdout.decode().split('\0')
    return sorted({path for path in listed if path and os.path.isfile(os.path.join(root, path))})


def check(root, files, exceptions):
    report, texts, codes = Report(exceptions), {}, {}
    for path in files:
        full = os.path.join(root, path)
        if os.path.getsize(full) > BLOB_BYTES_MAX:
            report.add('blob', path, 1, f'over {BLOB_BYTES_MAX} bytes')
        if not is_text(path) or path.startswith('tests/data/'):
            continue
        with open(full, encoding='utf-8') as file:
            texts[path] = text = file.read()
        if not path.endswith('.md') and os.path.basename(path) != 'LICENSE':
            check_columns(report, path, text)
        check_unfinished(report, path, text)
        if is_cpp(path):
            code, literals, _ = cpp_text.split_text(text)
            check_cpp(report, path, text, code, literals)
            if not path.startswith('tests/'):
                codes[path] = code
        if path.endswith('.hpp'):
            check_header(report, path, text)
        if path.endswith('.py'):
            check_python(report, path, text)
        if path.endswith('.md'):
            check_markdown(report, path, text, set(files))
    check_folders(report, set(files), texts)
    check_floors(report, texts)
    check_dead(report, codes)
    check_names(report, codes)
    check_sections(report, texts)
    check_packages(report, texts)
    return report.finish()


def main():
    parser = argparse.ArgumentParser(description='Checks the style of the repository.')
    parser.add_argument('--root', default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    root = os.path.abspath(parser.parse_args().root)
    violations = check(root, repository_files(root), EXCEPTIONS)
    for line in violations:
        print(line)
    print(f'tidy: {len(violations)} violations' if violations else 'tidy: clean')
    return 1 if violations else 0


if __name__ == '__main__':
    sys.exit(main())
