"""The stack's servers: PostgreSQL starts again after what a crash leaves, and no other process is taken for it; Redis is
private, keeps nothing, and stays what it is when it is asked for twice."""
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


class Redis(unittest.TestCase):
    def run_it(self, script):
        begin = '''
            make_stack "$1"
            clean_up() { stop_process redis-server; }
            at_exit clean_up
            cli() { redis-cli --no-auth-warning -h 127.0.0.1 -p "$(cat "$stack/state/redis.port")" "$@"; }
            '''
        with tempfile.TemporaryDirectory() as root:
            ended = shell.run(['stack', 'servers'], begin + script, os.path.join(root, 'stack'))
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended.stdout

    def test_is_private_and_keeps_nothing(self):
        self.assertEqual(self.run_it('''
            start_redis
            [[ $redis_url == redis://:$(cat "$stack/secrets/redis_password")@127.0.0.1:$(cat "$stack/state/redis.port") ]] && echo url
            cli ping
            export REDISCLI_AUTH=$(cat "$stack/secrets/redis_password")
            cli set a b
            start_redis
            cli get a
            stop_process redis-server
            ls "$stack/redis" | wc -l
            start_redis
            cli exists a
            stat -c %a "$stack/config/redis.conf"
            ''').split('\n'), ['url', 'NOAUTH Authentication required.', '', 'OK', 'b', '0', '0', '600', ''])

    def test_a_stack_that_is_removed_leaves_none(self):
        self.assertEqual(self.run_it('''
            start_redis
            stop_process redis-server
            is_running redis-server || echo stopped
            cli ping >/dev/null 2>&1 || echo silent
            '''), 'stopped\nsilent\n')


if __name__ == '__main__':
    unittest.main()
