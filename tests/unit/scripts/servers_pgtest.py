"""The stack's PostgreSQL starts again after what a crash leaves, and no other process is taken for it."""
import os
import tempfile
import unittest

import shell

BEGIN = '''
make_stack "$1"
folder=$(postgres_folder)
clean_up() { stop_postgres; rm -rf "$folder"; }
at_exit clean_up
'''


def run(script):
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        ended = shell.run(['stack', 'servers'], BEGIN + script, os.path.join(root, 'stack'))
    return ended.returncode, ended.stdout, ended.stderr


class Postgres(unittest.TestCase):
    def expect(self, script, printed):
        status, out, err = run(script)
        self.assertEqual((status, out), (0, printed), err)

    def test_starts_stops_and_starts(self):
        self.expect('''
            mkdir -p "$folder/data.new/left"
            start_postgres
            postgres_is_running && echo runs
            start_postgres
            stop_postgres
            postgres_is_running || echo stopped
            [[ -d $folder/data.new ]] || echo tidy
            ''', 'runs\nstopped\ntidy\n')

    def test_a_reused_process_id(self):
        self.expect('''
            start_postgres
            cp "$folder/data/postmaster.pid" "$folder/kept"
            stop_postgres
            sleep 300 >/dev/null 2>&1 &
            stranger=$!
            { echo "$stranger"; sed 1d "$folder/kept"; } >"$folder/data/postmaster.pid"
            postgres_is_running || echo stale
            stop_postgres
            kill -0 "$stranger" && echo stranger lives
            start_postgres
            postgres_is_running && echo runs
            kill "$stranger"
            ''', 'stale\nstranger lives\nruns\n')

    def test_anothers_data(self):
        status, _, err = run('''
            start_postgres
            echo other >"$stack/secrets/postgres_password"
            start_postgres
            ''')
        self.assertEqual(status, 1)
        self.assertIn('--wipe', err)


if __name__ == '__main__':
    unittest.main()
