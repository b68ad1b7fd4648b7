"""The stack of the bench, as the driver has started it."""

import os
import re
import subprocess
import time
import urllib.request

import psycopg2

from bench import machine
from bench.failure import Failure

SERVICES = ('auth', 'articles', 'comments')


class Stack:

    def __init__(self) -> None:
        env = os.environ
        self.root = env['DEVTALK_ROOT']
        self.home = env['DEVTALK_HOME']
        self.state = env['DEVTALK_STATE']
        self.made = env['DEVTALK_MADE']
        self.build = env['DEVTALK_BUILD']
        self.pgbench = env['DEVTALK_PGBENCH']
        self.pg_server = dict(word.split('=', 1) for word
                              in env['DEVTALK_PG_SERVER'].split())
        self.redis = env['DEVTALK_REDIS'].rsplit(':', 1)
        self.kafka = env['DEVTALK_KAFKA']
        self.port = int(env['DEVTALK_PORT'])
        self.limit_port = self.port + 10      # stock nginx, in the same nginx
        self.null_port = self.port + 11
        self.null_limit_port = self.port + 12
        self.web_port = self.port + 13
        self.url = f'http://127.0.0.1:{self.port}'

        # What the bench makes: where servers may read it too.
        self.files = os.path.join(self.state, 'files')
        os.makedirs(self.files, exist_ok=True)
        self.db = psycopg2.connect(env['DEVTALK_PG'])
        self.db.autocommit = True

    def file(self, name: str) -> str:
        return os.path.join(self.files, name)

    def log(self, name: str) -> str:
        return os.path.join(self.home, 'log', name)

    def secret(self, name: str) -> str:
        with open(os.path.join(self.home, 'secrets', name)) as file:
            return file.read()

    def sql(self, text: str, *values) -> list[tuple]:
        with self.db.cursor() as cursor:
            cursor.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []

    def redis_cli(self, *words: str) -> str:
        host, port = self.redis
        return subprocess.run(['redis-cli', '-h', host, '-p', port, *words],
                              capture_output=True, text=True,
                              check=True).stdout.strip()

    def pid(self, server: str) -> int:
        with open(os.path.join(self.home, server, 'pid')) as file:
            return int(file.read())

    def workers(self) -> list[int]:
        return machine.children(self.pid('nginx-1'))

    def servers(self) -> list[int]:
        """All that works for a read: nginx, PostgreSQL, Redis."""
        postgres = self.pid('postgres')
        return [*self.workers(), *machine.children(postgres),
                self.pid('redis')]

    def get(self, path: str, port: int = 0, **headers: str):
        """Status, headers, body; the body as bytes."""
        request = urllib.request.Request(
            f'http://127.0.0.1:{port or self.port}{path}',
            headers={name.replace('_', '-'): text
                     for name, text in headers.items()})
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, reply.headers, reply.read()
        except OSError as why:
            raise Failure(f'{path}: {why}') from why

    def metrics(self, port: int = 0) -> dict[str, float]:
        """'name{labels}' → value."""
        _, _, body = self.get('/metrics', port)
        return {name: float(value) for name, value
                in re.findall(r'^(devtalk_\S+?(?:\{.*\})?) (\S+)$',
                              body.decode(), re.MULTILINE)}

    def drained(self, seconds: float = 60) -> float:
        """Waits until every event is in Kafka and has had its effect, or the
        rows of the one side would be the other side's work.  Returns how
        long that took."""
        began = time.monotonic()
        quiet = 0
        while quiet < 3:
            if time.monotonic() - began > seconds:
                raise Failure('events are not through after '
                              f'{seconds:.0f} s: the relays stand still')
            waiting = self.sql('SELECT ' + ' + '.join(
                f'(SELECT count(*) FROM (SELECT FROM {name}.outbox LIMIT 1)'
                f' AS {name})' for name in SERVICES))[0][0]
            lag = sum(value for name, value in self.metrics().items()
                      if name.startswith('devtalk_consumer_lag'))
            quiet = quiet + 1 if waiting == 0 and lag == 0 else 0
            time.sleep(0.1)
        return time.monotonic() - began
