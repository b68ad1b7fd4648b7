"""pgbench with a statement of a service: the limit of what goes to
PostgreSQL.

The statement is the text that the service prepares, with its parameters $1 …
as they are.  pgbench numbers the variables that it finds in a text, so they
stand in a comment at its head, in order; one that is not defined is bound as
NULL.
"""

import os
import re
import subprocess
import threading
from contextlib import contextmanager, nullcontext

from bench import machine
from bench.failure import Failure
from bench.stack import Stack
from bench.window import Window

WAKE = 0.005             # seconds, as dt_relay_wake.c


def statement(stack: Stack, service: str, name: str) -> str:
    text = subprocess.run(
        ['sh', 'tools/sqltext.sh',
         f'ngx_devtalk_{service}/sql/{name}.sql'],
        cwd=stack.root, capture_output=True, text=True, check=True).stdout
    return text


def lane(text: str) -> str:
    return 'slow' if re.search(r'^-- lane: slow$', text, re.M) else 'fast'


def script(text: str, values: list[str]) -> str:
    """"values" are names of variables, "none" for NULL."""
    text = re.sub(r'^--.*\n', '', text, flags=re.M).strip()
    # A colon in a literal would be taken for a variable.
    text = re.sub(r"'(?:[^']|'')*'", literal, text)
    first, rest = re.match(r'(\w+)(.*)\Z', text, re.S).groups()
    names = ' '.join(f':{value}' for value in values)
    return f'{first} /* {names} */{rest};\n'


def literal(found: re.Match) -> str:
    text = found[0]
    if not re.search(r':\w', text):
        return text
    if '\\' in text:
        raise Failure(f'pgbench cannot have the literal {text}')
    return 'E' + re.sub(r':(?=\w)', r'\\x3a', text)


class Pool:
    """A service's connections, of all workers, as nginx.conf has them."""

    DEFAULTS = {'connections': 4, 'slow': 1}

    def __init__(self, stack: Stack, conf: str) -> None:
        self.stack = stack
        self.conf = conf

    def size(self, service: str, which: str) -> int:
        line = re.search(rf'devtalk_postgres\s+{service}\s[^;]*;',
                         self.conf)[0]
        word = 'slow' if which == 'slow' else 'connections'
        found = re.search(rf'\b{word}=(\d+)', line)
        each = int(found[1]) if found else self._default(word)
        return each * len(self.stack.workers())

    def _default(self, word: str) -> int:
        """What dt_conf.c has."""
        with open(f'{self.stack.root}/ngx_devtalk_core/dt_conf.c') as file:
            found = re.search(rf'pg->{word} = (\d+);', file.read())
        return int(found[1]) if found else self.DEFAULTS[word]


@contextmanager
def woken(stack: Stack, service: str):
    """Wakes the service's relay as its workers do, or its work would begin
    later and be done after the window."""
    over = threading.Event()

    def wake() -> None:
        while not over.wait(WAKE):
            stack.sql('SELECT pg_notify(%s, %s)', f'{service}_outbox', '')

    waker = threading.Thread(target=wake)
    waker.start()
    try:
        yield
    finally:
        over.set()
        waker.join()


class Pgbench:

    def __init__(self, stack: Stack, pool: Pool, service: str, name: str,
                 text: str, which: str, values: dict[str, str],
                 writes: bool = False) -> None:
        self.stack = stack
        self.clients = pool.size(service, which)
        self.service = service
        self.file = stack.file(f'{name}.pgbench')
        self.values = values
        self.writes = writes
        with open(self.file, 'w') as file:
            file.write(text)

    def check(self) -> None:
        self._run(['-t', '20'])

    def run(self, seconds: int) -> Window:
        with woken(self.stack, self.service) if self.writes \
                else nullcontext():
            said = self._run(['-T', str(seconds)])
        tps = float(re.search(r'^tps = ([\d.]+)', said, re.M)[1])
        done = int(re.search(r'actually processed: (\d+)', said)[1])
        return Window(tps, done, seconds)

    def _run(self, length: list[str]) -> str:
        server = self.stack.pg_server
        host = server.get('host') or server['hostaddr']
        words = [self.stack.pgbench, '-n', '-M', 'prepared', '-h', host,
                 '-p', server['port'], '-U', f'devtalk_{self.service}',
                 '-c', str(self.clients),
                 '-j', str(min(self.clients, machine.cores())),
                 '-f', self.file, *length]
        for name, value in self.values.items():
            words += ['-D', f'{name}={value}']
        env = {name: value for name, value in os.environ.items()
               if not name.startswith('PG')}
        env['PGPASSWORD'] = self.stack.secret(self.service)
        env['PGOPTIONS'] = ('-c plan_cache_mode=force_generic_plan '
                            '-c statement_timeout=5000 -c lock_timeout=2500')
        said = subprocess.run([*words, 'devtalk'], capture_output=True,
                              text=True, env=env)
        if said.returncode \
                or 'number of failed transactions: 0' not in said.stdout:
            raise Failure(f'pgbench: {said.stdout[-200:]} '
                          f'{said.stderr[-500:]}')
        return said.stdout
