"""The order in which packages are installed, and what is said when sudo cannot ask."""
import os
import tempfile
import unittest

import shell

RECORDED = '''
missing_packages() { echo postgresql; echo wrk; }
demand_root() { echo root; }
keep_debian_services_off() { echo services off; }
forbid_default_cluster() { echo no cluster; }
allow_debian_services() { echo services on; }
as_root() { shift; while [[ $1 != update && $1 != install ]]; do shift; done; echo "$@" >&"$record"; }
exec {record}>&1
ensure_packages build
'''


class Packages(unittest.TestCase):
    def test_nothing_starts_until_all_is_installed(self):
        ended = shell.run(['packages'], RECORDED)
        self.assertEqual(ended.stdout.splitlines(), [
            'root', 'update', 'services off', 'install postgresql-common', 'no cluster', 'install postgresql wrk',
            'services on'], ended.stderr)

    def test_a_failed_install_shows_its_end_and_fails(self):
        ended = shell.run(['packages'], 'as_root() { echo "E: no space"; return 100; }\nrun_apt "$1" advice install x',
                          os.devnull)
        self.assertEqual(ended.returncode, 1)
        self.assertIn('apt-get install failed', ended.stderr)

    def test_sudo_without_terminal(self):
        with tempfile.TemporaryDirectory() as folder:
            sudo = os.path.join(folder, 'sudo')
            with open(sudo, 'w', encoding='utf-8') as file:
                file.write('#!/bin/sh\nexit 1\n')
            os.chmod(sudo, 0o755)
            os.chmod(folder, 0o755)
            user = {'user': 65534} if os.geteuid() == 0 else {}
            ended = shell.run([], 'PATH=$1:$PATH\ndemand_root', folder, **user)
        self.assertEqual(ended.returncode, 1)
        self.assertIn('run sudo -v first', ended.stderr)


if __name__ == '__main__':
    unittest.main()
