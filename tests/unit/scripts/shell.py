"""Runs pieces of the scripts: what the tests of this folder share."""
import os
import subprocess

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..'))


def run(parts, script, *arguments, **options):
    """Runs `script` in bash after sourcing scripts/lib/PART.sh of each; `$1`... are the arguments."""
    sources = ''.join(f'source {ROOT}/scripts/lib/{part}.sh\n' for part in ['common', *parts])
    return command('bash', '-c', sources + script, 'script', *arguments, **options)


def command(*words, **options):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **options)
