"""A small reader of C++ text for scripts/tidy.py: takes comments and literals out, finds functions and lambdas.

It is no parser: it relies on the layout that .clang-format gives. Nothing here reads files.
"""
import re

RAW_STRING = re.compile(r'(?:u8|[uUL])?R"([^()\\ ]{0,16})\(')


def _blank(text):
    return ''.join('\n' if c == '\n' else ' ' for c in text)


def split_text(text):
    """(code, literals, comments): code has the same length and lines, with comments and the inside of literals blanked;
    literals and comments are lists of (line number, text)."""
    code, literals, comments = [], [], []
    i, line = 0, 1
    while i < len(text):
        start = i
        raw = RAW_STRING.match(text, i)
        if text.startswith('//', i):
            i = text.find('\n', i) if '\n' in text[i:] else len(text)
            comments.append((line, text[start:i]))
            code.append(_blank(text[start:i]))
        elif text.startswith('/*', i):
            end = text.find('*/', i + 2)
            i = len(text) if end < 0 else end + 2
            comments.append((line, text[start:i]))
            code.append(_blank(text[start:i]))
        elif raw and (start == 0 or not (text[start - 1].isalnum() or text[start - 1] == '_')):
            end = text.find(')' + raw[1] + '"', raw.end())
            end = len(text) if end < 0 else end
            literals.append((line, text[raw.end():end]))
            i = min(len(text), end + len(raw[1]) + 2)
            code.append('"' + _blank(text[start + 1:i - 1]) + '"')
        elif text[i] == '"' or (text[i] == "'" and not (i > 0 and text[i - 1].isalnum())):
            i = _end_of_literal(text, i)
            literals.append((line, text[start + 1:i - 1]))
            code.append(text[start] + _blank(text[start + 1:i - 1]) + text[start])
        else:
            i += 1
            code.append(text[start:i])
        line += text.count('\n', start, i)
    return ''.join(code), literals, comments


def _end_of_literal(text, i):
    quote = text[i]
    i += 1
    while i < len(text) and text[i] != quote and text[i] != '\n':
        i += 2 if text[i] == '\\' else 1
    return min(len(text), i + 1)


CONTAINER = re.compile(r'\b(namespace|class|struct|union|enum|extern)\b[^()]*$')


def functions(code):
    """(first line, line count) of every function body at namespace or class scope; `code` comes from split_text."""
    code = re.sub(r'^[ \t]*#(?:[^\n\\]|\\\n|\\.)*', lambda m: _blank(m[0]), code, flags=re.M)
    found, stack, head_start = [], [], 0
    for i, char in enumerate(code):
        if char == ';' and _at_container(stack):
            head_start = i + 1
        elif char == '{':
            kind = _kind_of(code[head_start:i], stack)
            stack.append((kind, head_start))
            if kind == 'container':
                head_start = i + 1
        elif char == '}' and stack:
            kind, start = stack.pop()
            following = code[i + 1:i + 40].lstrip()[:1]
            if kind == 'function' and following in (',', '{'):  # member initializers go on
                head_start = start
            elif _at_container(stack):
                if kind == 'function':
                    found.append(_extent(code, start, i))
                head_start = i + 1
    return found


def _at_container(stack):
    return not stack or stack[-1][0] == 'container'


def _kind_of(head, stack):
    if not _at_container(stack):
        return 'inside'
    if CONTAINER.search(head) and not re.search(r'\)\s*(const|noexcept|override)?\s*$', head):
        return 'container'
    return 'function' if '(' in head else 'value'


def _extent(code, start, end):
    start += len(code[start:]) - len(code[start:].lstrip())
    first = code.count('\n', 0, start) + 1
    return first, code.count('\n', 0, end) + 1 - first + 1


LAMBDA = re.compile(
    r'\[([^\[\];{}]*)\]\s*(?:\([^;{}]*?\))?\s*(?:mutable\b\s*)?(?:noexcept\b\s*)?(?:->\s*[\w:<>,&*\s]+?)?\s*\{')


def capturing_coroutines(code):
    """Line numbers of lambdas that capture something and are coroutines."""
    lines = []
    for match in LAMBDA.finditer(code):
        if not match[1].strip():
            continue
        body = _without_inner_lambdas(_body(code, match.end()))
        if re.search(r'\bco_(await|return|yield)\b', body):
            lines.append(code.count('\n', 0, match.start()) + 1)
    return lines


def _body(code, start):
    depth = 1
    for i in range(start, len(code)):
        depth += {'{': 1, '}': -1}.get(code[i], 0)
        if depth == 0:
            return code[start:i]
    return code[start:]


def _without_inner_lambdas(body):
    while match := LAMBDA.search(body):
        inner = _body(body, match.end())
        body = body[:match.start()] + body[match.end() + len(inner) + 1:]
    return body
