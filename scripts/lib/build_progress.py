#!/usr/bin/env python3
"""Reads ninja's output: the whole goes to a log file, a progress line every ten seconds to standard error,
and from the first failed step on everything."""
import re
import sys
import time

PERIOD_S = 10


def main():
    step = re.compile(r'^(\d+)/(\d+) ')
    shown_at, failed = time.monotonic(), False
    with open(sys.argv[1], 'w', encoding='utf-8', errors='replace') as log:
        for line in sys.stdin:
            log.write(line)
            failed = failed or line.startswith('FAILED:') or line.startswith('ninja: error')
            progress = step.match(line)
            if failed:
                sys.stderr.write(line)
            elif progress and time.monotonic() - shown_at >= PERIOD_S:
                shown_at = time.monotonic()
                sys.stderr.write(f'        {progress[1]} of {progress[2]} steps\n')
                log.flush()


if __name__ == '__main__':
    sys.stdin.reconfigure(encoding='utf-8', errors='replace')
    main()
