"""Each rule of scripts/tidy.py finds what it is for, and leaves its neighbours alone."""
import os
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..')
sys.path.insert(0, os.path.join(ROOT, 'scripts'))
import tidy  # noqa: E402

HEADER = '// Numbers.\n// Thread safety: pure functions.\n#pragma once\n'
LISTS = {'libs/a/CMakeLists.txt': 'unibox_library(a SOURCES a.cpp)\n', 'libs/a/README.md': '# a\n'}


def rules_broken(files, exceptions=None):
    """The set of rules that a repository of these files breaks."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
            with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
                file.write(text)
        lines = tidy.check(root, sorted(files), exceptions or {})
    return {line.rsplit('[', 1)[1].rstrip(']') for line in lines}


def source(text, path='libs/a/a.cpp'):
    return rules_broken({**LISTS, 'libs/a/a.cpp': '\n', path: text})


class Rules(unittest.TestCase):
    def test_clean(self):
        self.assertEqual(source('int Half(int n) {\n    return n / 2;\n}\n'), set())

    def test_columns(self):
        self.assertEqual(source('// ' + 'x' * 97 + '\n'), set())
        self.assertEqual(source('// ' + 'x' * 98 + '\n'), {'columns'})
        self.assertEqual(source('int x; \n'), {'columns'})

    def test_file_size(self):
        self.assertEqual(source('int x();\n' * 500), set())
        self.assertEqual(source('int x();\n' * 501), {'file-size'})

    def test_function_size(self):
        for head in ('void F() {\n', 'A::A(int x) : a_{x}, b_(x) {\n', 'auto F() -> std::vector<int> {\n',
                     'class A : public B {\n    void F() const override {\n'):
            closing = '}\n' + ('};\n' if head.startswith('class') else '')
            body = 'namespace n {\n' + head + '    G("}");\n' * 68 + closing + '}\n'
            self.assertEqual(source(body), set(), head)
            long_body = 'namespace n {\n' + head + '    G("{");  // {\n' * 69 + closing + '}\n'
            self.assertEqual(source(long_body), {'function-size'}, head)

    def test_tables_are_no_functions(self):
        self.assertEqual(source('const Row kRows[] = {\n' + '    {1, "("},\n' * 100 + '};\n'), set())

    def test_lambda_coroutine(self):
        self.assertEqual(source('auto f = [x]() -> awaitable<void> { co_await G(x); };\n'), {'lambda-coroutine'})
        self.assertEqual(source('auto f = [&] { if (a) { co_return; } };\n'), {'lambda-coroutine'})
        self.assertEqual(source('auto f = []() -> awaitable<void> { co_await G(); };\n'), set())
        self.assertEqual(source('auto f = [x] { G([](int y) -> awaitable<int> { co_return y; }, x); };\n'), set())

    def test_includes(self):
        self.assertEqual(source('#include <libpq-fe.h>\n'), {'include'})
        self.assertEqual(source('#include "nats/publisher.hpp"\n'), set())
        self.assertEqual(source('#include <nats/nats.h>\n'), {'include'})
        self.assertEqual(source('#include <boost/asio/post.hpp>\n'), {'include'})
        self.assertEqual(source('#include "../b/b.hpp"\n'), {'include'})
        self.assertEqual(source('#include "b.hpp"\n'), {'include'})
        self.assertEqual(source('#include <libpq-fe.h>\n', 'tests/unit/a/a.cpp'), set())

    def test_calls(self):
        self.assertEqual(source('int F() { return getenv("X") != nullptr; }\n'), {'getenv'})
        self.assertEqual(source('// getenv("X")\n'), set())
        self.assertEqual(source('void F() { std::this_thread::sleep_for(1s); }\n', 'tests/unit/a/a.cpp'), {'sleep'})

    def test_sql(self):
        self.assertEqual(source('auto s = "SELECT 1 FROM messages";\n'), {'sql'})
        self.assertEqual(source('auto s = R"(\n  INSERT INTO messages VALUES (1))";\n'), {'sql'})
        self.assertEqual(source('auto s = "select an option";\n'), set())
        self.assertEqual(source('auto s = "SELECT 1";\n', 'libs/store/a.cpp'), set())

    def test_unfinished(self):
        self.assertEqual(source('// TO' + 'DO: later\n'), {'unfinished'})

    def test_headers(self):
        use = {**LISTS, 'libs/a/a.cpp': '#include "a/a.hpp"\n'}
        self.assertEqual(rules_broken({**use, 'libs/a/a.hpp': HEADER}), set())
        self.assertEqual(rules_broken({**use, 'libs/a/a.hpp': '#pragma once\n'}), {'thread-safety'})
        self.assertEqual(rules_broken({**use, 'libs/a/a.hpp': '// Thread safety: none.\n'}), {'header'})
        self.assertEqual(rules_broken({**use, 'libs/a/a.hpp': HEADER + '#include <nlohmann/json.hpp>\n'}), {'heavy-header'})

    def test_mutexes(self):
        self.assertEqual(source('std::mutex mutex_;\n'), {'mutex'})
        self.assertEqual(source('const std::lock_guard lock(mutex_);\n'), {'mutex'})
        self.assertEqual(source('Mutex mutex_;\nconst MutexLock lock(mutex_);\n'), set())
        self.assertEqual(source('std::mutex mutex_;\n', 'libs/base/a.cpp'), set())

    def test_clocks(self):
        self.assertEqual(source('const auto now = std::chrono::steady_clock::now();\n'), {'clock'})
        self.assertEqual(source('const auto now = SystemClock().UnixMillis();\n'), {'clock'})
        self.assertEqual(source('const auto now = clock_.SteadyNow();\n'), set())
        self.assertEqual(source('const auto now = Steady::now();\n', 'libs/base/a.cpp'), set())

    def test_reasons(self):
        self.assertEqual(source('if (error.reason() == "GAP") Stop();\n'), {'reason'})
        self.assertEqual(source('if (error.reason() == kGap) Stop();\n'), set())

    def test_sections(self):
        for text, broken in (('// See README.md, "Rules".\n', set()),
                             ('// See README.md of this folder,\n// "Rules".\n', set()),
                             ('// See README.md, "Rule".\n', {'section'}),
                             ('// See docs/x.md, "One two".\n', set()),
                             ('// See docs/y.md, "One two".\n', {'section'})):
            files = {**LISTS, 'libs/a/README.md': '# a\n\n## Rules\n', 'docs/x.md': '# One two\n', 'libs/a/a.cpp': text}
            self.assertEqual(rules_broken(files), broken, text)

    def test_floors(self):
        floors = 'set(floor_0 libs/base)\nset(floor_1 libs/a libs/b)\nset(floor_4 services/s services/t)\n'

        def includes(path, name):
            return rules_broken({**LISTS, 'CMakeLists.txt': floors + 'a.cpp', path: f'#include "{name}"\n'})
        self.assertEqual(includes('libs/a/a.cpp', 'base/x.hpp'), set())
        self.assertEqual(includes('libs/a/a.cpp', 'a/x.hpp'), set())
        self.assertEqual(includes('libs/a/a.cpp', 'google/x.h'), set())
        self.assertEqual(includes('libs/a/a.cpp', 'b/x.hpp'), {'floor'})
        self.assertEqual(includes('libs/base/a.cpp', 'a/x.hpp'), {'floor'})
        self.assertEqual(includes('services/s/a.cpp', 'a/x.hpp'), set())
        self.assertEqual(includes('services/s/a.cpp', 't/x.hpp'), {'floor'})
        self.assertEqual(includes('tests/unit/a/a.cpp', 't/x.hpp'), set())

    def test_nested_floors(self):
        lists = {**LISTS, 'libs/w/README.md': '# w\n',
                 'libs/w/x/CMakeLists.txt': 'unibox_library(w_x\n    SERVICES s\n    SOURCES x.cpp\n)\n',
                 'CMakeLists.txt': 'set(floor_2 libs/w/x)\nset(floor_3 libs/w/y)\nset(floor_4 services/s services/t)\na.cpp\n'}

        def includes(path, name):
            return rules_broken({**lists, 'libs/w/x/x.cpp': '\n', path: f'#include "{name}"\n'})
        self.assertEqual(includes('libs/w/x/a.cpp', 'w/x/x.hpp'), set())
        self.assertEqual(includes('libs/w/x/a.cpp', 'w/x/detail/x.hpp'), set())
        self.assertEqual(includes('libs/w/x/a.cpp', 'w/y/y.hpp'), {'floor'})
        self.assertEqual(includes('services/t/a.cpp', 'w/y/y.hpp'), set())
        self.assertEqual(includes('services/s/a.cpp', 'w/x/x.hpp'), set())
        self.assertEqual(includes('services/t/a.cpp', 'w/x/x.hpp'), {'floor'})
        self.assertEqual(includes('libs/w/y/a.cpp', 'w/x/detail/x.hpp'), {'floor'})
        self.assertEqual(includes('tests/unit/a/a.cpp', 'w/x/x.hpp'), set())

    def test_folders(self):
        self.assertEqual(rules_broken({'libs/a/CMakeLists.txt': '\n'}), {'readme'})
        self.assertEqual(rules_broken({**LISTS, 'libs/a/b.cpp': '\n'}), {'unused'})
        self.assertEqual(rules_broken({**LISTS, 'libs/a/a.hpp': HEADER}), {'unused'})
        self.assertEqual(rules_broken({'scripts/lib/lonely.sh': '\n'}), {'unused'})
        self.assertEqual(rules_broken({**LISTS, 'libs/a/utils.cpp': '\n', 'libs/CMakeLists.txt': 'utils.cpp'}), {'names'})

    def test_docs(self):
        self.assertEqual(rules_broken({'README.md': '[here](docs/x.md)\n', 'docs/x.md': '\n'}), set())
        self.assertEqual(rules_broken({'README.md': '[here](docs/y.md)\n'}), {'docs'})
        packages = {'scripts/lib/packages.txt': 'build gcc the compiler\n', 'scripts/up': 'packages.txt\n'}
        self.assertEqual(rules_broken({**packages, 'README.md': '`gcc`\n'}), set())
        self.assertEqual(rules_broken({**packages, 'README.md': 'nothing\n'}), {'docs'})

    def test_exceptions(self):
        files = {**LISTS, 'libs/a/a.cpp': 'auto s = "SELECT 1";\n'}
        self.assertEqual(rules_broken(files, {('sql', 'libs/a/'): 'a reason'}), set())
        self.assertEqual(rules_broken(LISTS, {('sql', 'libs/a/'): 'a reason'}), {'exceptions'})

    def test_dead(self):
        header = HEADER + 'class A {\npublic:\n    int Twice(int n) const;\n    int count() const;\n};\nint Half(int n);\n'
        own = '#include "a/a.hpp"\nint A::Twice(int n) const {\n    return 2 * n;\n}\nint Half(int n) {\n    return n / 2;\n}\n'
        files = {**LISTS, 'libs/a/CMakeLists.txt': 'unibox_library(a SOURCES a.cpp b.cpp)\n', 'libs/a/a.hpp': header}
        calls = '#include "a/a.hpp"\nint F() {\n    return A().Twice(1) + Half(2);\n}\n'
        self.assertEqual(rules_broken({**files, 'libs/a/a.cpp': own, 'libs/a/b.cpp': calls}), set())
        self.assertEqual(rules_broken({**files, 'libs/a/a.cpp': own, 'libs/a/b.cpp': calls.replace('Half', '')}), {'dead'})
        self.assertEqual(rules_broken({**files, 'libs/a/a.cpp': own, 'libs/a/b.cpp': '\n', 'tests/b_test.cpp': calls}),
                         {'dead', 'unused'})
        self.assertEqual(rules_broken({**files, 'libs/a/a.cpp': own + 'int G() {\n    return Half(A().Twice(1));\n}\n',
                                       'libs/a/b.cpp': '\n'}), set())

    def test_one_name(self):
        def header(namespace, text):
            return f'{HEADER}namespace {namespace} {{\n{text}}}  // namespace {namespace}\n'
        constant, enumeration = 'inline constexpr int kLimit = 1;\n', 'enum class Color : int {\n    kRed\n};\n'
        library = {**LISTS, 'libs/a/CMakeLists.txt': 'unibox_library(a SOURCES a.cpp)\n',
                   'libs/a/a.cpp': '#include "a/a.hpp"\n#include "a/b.hpp"\n'}
        for text in (constant, enumeration, 'struct Pair {\n    int a;\n};\n'):
            first = {**library, 'libs/a/a.hpp': header('unibox::a', text)}
            self.assertEqual(rules_broken({**first, 'libs/a/b.hpp': header('unibox::b', text)}), set())
            self.assertEqual(rules_broken({**first, 'libs/a/b.hpp': header('unibox::a', text)}), {'one-name'})


if __name__ == '__main__':
    unittest.main()
