"""scripts/up and scripts/down touch nothing but a stack's own folder, which is known by its mark."""
import os
import tempfile
import unittest

import shell

STRANGERS_FILES = ['state/nats.port', 'config/a.toml', 'secrets/key', 'logs/a.log', 'nats/stream', 'postgres/data/PG_VERSION',
                   'env', 'tenants.yaml', 'letters/to-mother.txt']


def make_tree(root, paths):
    for path in paths:
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
            file.write(path)
    os.chmod(root, 0o755)


def tree_of(root):
    """Every path below root, and root itself, with its mode and its time of change."""
    paths = [root] + [os.path.join(folder, name) for folder, folders, files in os.walk(root) for name in folders + files]
    return {path: (os.stat(path).st_mode, os.stat(path).st_mtime_ns) for path in paths}


def down(*arguments):
    return shell.command(f'{shell.ROOT}/scripts/down', *arguments)


def make_stack(folder):
    return shell.run(['stack'], 'make_stack "$1"; echo "$stack"', folder)


class Folders(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = os.path.join(os.path.realpath(holder.name), 'stack')

    def test_a_strangers_folder_stays_as_it_is(self):
        make_tree(self.root, STRANGERS_FILES)
        before = tree_of(self.root)
        for ended in (down('--data', self.root, '--wipe'), down('--data', self.root), make_stack(self.root)):
            self.assertNotEqual(ended.returncode, 0)
            self.assertIn(f'touch {self.root}/.unibox-stack', ended.stderr)
        self.assertEqual(tree_of(self.root), before)

    def test_a_new_or_empty_folder_becomes_a_stack_and_wipe_removes_it(self):
        for make in (lambda: None, lambda: os.mkdir(self.root)):
            make()
            for _ in range(2):
                self.assertEqual(make_stack(self.root).stdout, self.root + '\n')
            self.assertEqual(os.stat(self.root).st_mode & 0o777, 0o700)
            self.assertEqual(down('--data', self.root, '--wipe').returncode, 0)
            self.assertFalse(os.path.exists(self.root))

    def test_wipe_keeps_what_is_not_the_stacks(self):
        make_stack(self.root)
        make_tree(self.root, STRANGERS_FILES)
        self.assertEqual(down('--data', self.root, '--wipe').returncode, 0)
        self.assertEqual(os.listdir(self.root), ['letters'])

    def test_a_stack_has_one_path(self):
        make_stack(self.root)
        link = self.root + '-link'
        os.symlink(self.root, link)
        self.assertEqual(make_stack(link).stdout, self.root + '\n')

    def test_no_stack_is_nothing_to_stop(self):
        ended = down('--data', self.root, '--wipe')
        self.assertEqual((ended.returncode, os.path.exists(self.root)), (0, False))

    def test_another_users_folder(self):
        if os.geteuid() == 0:
            os.mkdir(self.root)
            os.chown(self.root, 65534, 65534)
            folder, message = self.root, 'run this as nobody'
        else:
            folder, message = '/usr', 'sudo scripts/down'
        for ended in (down('--data', folder), make_stack(folder)):
            self.assertNotEqual(ended.returncode, 0)
            self.assertIn('belongs to', ended.stderr)
            self.assertIn(message, ended.stderr)


STUBBORN = '''
make_stack "$1" && stop_seconds_max=1
ensure_process stubborn 1 bash -c 'trap "" TERM; echo ready; while true; do sleep 1; done'
wait_until 20 stubborn grep -q ready "$stack/logs/stubborn.log"
is_running stubborn && echo runs
read -r pid _ <"$stack/state/stubborn.pid"
stop_process stubborn
is_running stubborn || echo ended
kill -0 "$pid" 2>/dev/null || echo gone
'''


class Processes(unittest.TestCase):
    def test_one_that_does_not_obey_is_killed_and_it_is_said(self):
        with tempfile.TemporaryDirectory() as root:
            ended = shell.run(['stack'], STUBBORN, os.path.join(root, 'stack'))
        self.assertEqual(ended.stdout, 'runs\nended\ngone\n', ended.stderr)
        self.assertIn('stubborn did not stop in 1 s: killing it', ended.stderr)


class Environment(unittest.TestCase):
    def test_every_address_is_in_it(self):
        with tempfile.TemporaryDirectory() as folder:
            script = 'stack=$1 database_url=d nats_url=n\nport_of() { echo "$1"; }\nwrite_environment\ncat "$stack/env"'
            written = shell.run(['stack', 'services', 'demo'], script, folder).stdout
        for line in ('INGEST_URL=http://127.0.0.1:ingest-http', 'INGEST_GRPC=127.0.0.1:ingest-grpc',
                     'GATEWAY_URL=http://127.0.0.1:gateway-http', 'GATEWAY_GRPC=127.0.0.1:gateway-grpc',
                     'INGEST_ADMIN_URL=http://127.0.0.1:ingest-admin', 'WRITER_ADMIN_URL=http://127.0.0.1:writer-admin',
                     'GATEWAY_ADMIN_URL=http://127.0.0.1:gateway-admin', 'DATABASE_URL=d', 'NATS_URL=n', 'API_KEY='):
            self.assertIn(f'UNIBOX_{line}\n', written)
        self.assertNotIn('WRITER_URL', written)

    def test_the_demo_key_outlives_a_run_without_demo(self):
        with tempfile.TemporaryDirectory() as folder:
            script = 'stack=$1 database_url= nats_url=\nservice_addresses() { :; }\nwrite_environment\ncat "$stack/env"'
            self.assertIn('UNIBOX_API_KEY=\n', shell.run(['stack', 'demo'], script, folder).stdout)
            make_tree(folder, ['secrets/demo.key'])
            self.assertIn('UNIBOX_API_KEY=secrets/demo.key\n', shell.run(['stack', 'demo'], script, folder).stdout)



class Settings(unittest.TestCase):
    def test_the_gateway_knows_where_message_writer_listens(self):
        with tempfile.TemporaryDirectory() as holder:
            folder = os.path.join(os.path.realpath(holder), 'stack')
            ended = shell.run(['stack', 'services'], '''
                make_stack "$1"; nats_url=nats://127.0.0.1:1 redis_url=redis://127.0.0.1:2
                write_settings message-writer; write_settings gateway
                echo; listen_address message-writer grpc; cat "$stack/config/gateway.toml"''', folder)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            address, settings = ended.stdout.strip().split('\n', 1)
            self.assertIn(f'[writer]\ntarget = "{address}"\n', settings)
            self.assertNotEqual(address, settings.split('[grpc]\nlisten = "')[1].split('"')[0])


if __name__ == '__main__':
    unittest.main()
