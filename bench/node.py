"""nginx as the bench has it: the configuration as shipped, with numbers that
let one address ask as much as it can, and beside it stock servers that give
the limits."""

import os
import re
import signal
import subprocess
import time

from bench import machine
from bench.failure import Failure
from bench.stack import Stack

COLD_ZONE = '256k'       # a cache that holds next to nothing


class Node:

    def __init__(self, stack: Stack, shipped_limits: bool) -> None:
        self.stack = stack
        self.shipped_limits = shipped_limits
        self.folder = os.path.join(stack.home, 'nginx-1')
        with open(os.path.join(self.folder, 'nginx.conf')) as file:
            self.shipped = file.read().replace(self._include(), '')

    def configure(self, cold: bool = False) -> None:
        """Takes effect by a reload; returns when the old workers are gone."""
        text = self.shipped
        if cold:
            text = replaced(r'(devtalk_cache\s+)\S+',
                            rf'\g<1>{COLD_ZONE}', text)
        self._write('limits.conf', self._limits())
        self._write('bench.conf', stock_server(
            self.folder, self.stack.limit_port, f'''
    root  {self.stack.files}/static;

    # Of files as small as these stock nginx serves more by reading them into
    # its own buffer: one packet, and no call to cork it.
    sendfile    off;
    max_ranges  0;

    open_file_cache           max=4000 inactive=600s;
    open_file_cache_valid     600s;
    open_file_cache_min_uses  1;
'''))
        self._write('nginx.conf', replaced(
            r'\}\s*\Z', self._include() + '}\n', text))
        self._reload()

    def _include(self) -> str:
        return f'    include  {self.folder}/bench.conf;\n'

    def _limits(self) -> str:
        """The zones stay and count each request; only the numbers rise."""
        text = os.path.join(self.stack.root, 'conf', 'limits.conf')
        with open(text) as file:
            text = file.read()
        return text if self.shipped_limits else raised(text)

    def _write(self, name: str, text: str) -> None:
        with open(os.path.join(self.folder, name), 'w') as file:
            file.write(text)

    def _reload(self) -> None:
        check = subprocess.run(
            ['nginx', '-t', '-q', '-p', f'{self.folder}/', '-c',
             f'{self.folder}/nginx.conf'], capture_output=True, text=True)
        if check.returncode:
            raise Failure('nginx refuses the configuration of the bench: '
                          + check.stderr.strip())
        old = set(self.stack.workers())
        os.kill(self.stack.pid('nginx-1'), signal.SIGHUP)
        wait_until(lambda: (now := set(self.stack.workers()))
                   and not now & old, 30, 'the old workers to leave')
        self.wait_ready()

    def wait_ready(self) -> None:
        def ready() -> bool:
            try:
                status, _, body = self.stack.get('/ready')
                return status == 200 and b'"degraded"' not in body
            except Failure:
                return False
        wait_until(ready, 30, '/ready')
        # The cache is trusted 1.5 s after Redis was found.  The limits as
        # shipped do not let one ask for it so often.
        if not self.shipped_limits:
            wait_until(lambda: self._cached(), 10, 'the cache')

    def _cached(self) -> bool:
        before = self.stack.metrics()['devtalk_cache_zone_hits_total']
        for _ in range(20):
            self.stack.get('/api/tags')
        return self.stack.metrics()['devtalk_cache_zone_hits_total'] > before


class NullNode:
    """A node whose only service answers at once: see null.c."""

    BODY = '{"null":true}'

    def __init__(self, stack: Stack, module: str) -> None:
        self.stack = stack
        self.folder = os.path.join(stack.home, 'nginx-null')
        self.module = module

    def start(self) -> None:
        os.makedirs(os.path.join(self.folder, 'tmp'), exist_ok=True)
        shipped = os.path.join(self.stack.home, 'nginx-1')
        for name in ('http', 'headers', 'hsts', 'certificate', 'cors',
                     'origins', 'log', 'keys'):
            with open(f'{shipped}/{name}.conf') as file:
                self._write(f'{name}.conf', file.read())
        with open(f'{self.stack.root}/conf/limits.conf') as file:
            self._write('limits.conf', raised(file.read()))
        self._write('gateway.conf', f'''
include  headers.conf;

location /api/ {{
    devtalk_null;
}}

location = /metrics {{
    access_log  off;
    devtalk_metrics;
}}
''')
        self._write('bench.conf', stock_server(
            self.folder, self.stack.null_limit_port, f'''
    location = /api/null {{
        return 200 '{self.BODY}';
    }}
'''))
        self._write('nginx.conf', self._conf(f'{shipped}/nginx.conf'))
        started = subprocess.run(['nginx', '-p', f'{self.folder}/', '-c',
                                  f'{self.folder}/nginx.conf'],
                                 capture_output=True, text=True)
        if started.returncode:
            raise Failure('the null node does not start: '
                          + started.stderr.strip())
        wait_until(self._answers, 10, 'the null node')

    def _conf(self, shipped: str) -> str:
        """As shipped, without the services, their servers and their data."""
        with open(shipped) as file:
            text = file.read()
        text = text.replace(os.path.dirname(shipped) + '/', f'{self.folder}/')
        text = re.sub(r'load_module \S+(auth|articles|comments)_module.so;\n',
                      '', text)
        text = replaced(r'(load_module \S+core_module.so;\n)',
                        rf'\1load_module {self.module};\n', text)
        text = re.sub(r'\s*devtalk_postgres\s+(articles|comments)[^;]*;', '',
                      text)
        text = replaced(r'(devtalk_postgres\s+)auth([^;]*);',
                        r'\1null\2 connections=1 slow=0;', text)
        text = re.sub(r'\s*devtalk_(redis|kafka|cache)\s[^;]*;', '', text)
        text = text.replace(f':{self.stack.port} ',
                            f':{self.stack.null_port} ')
        if 'bench.conf' not in text:
            text = replaced(r'\}\s*\Z', '    include  bench.conf;\n}\n', text)
        return text

    def _write(self, name: str, text: str) -> None:
        with open(os.path.join(self.folder, name), 'w') as file:
            file.write(text)

    def _answers(self) -> bool:
        try:
            return self.stack.get('/api/null',
                                  self.stack.null_port)[0] == 200
        except Failure:
            return False

    def workers(self) -> list[int]:
        return machine.children(self.stack.pid('nginx-null'))

    def stop(self) -> None:
        try:
            pid = self.stack.pid('nginx-null')
        except OSError:
            return
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not os.path.exists(f'{self.folder}/pid'), 20,
                   'the null node to leave')


def stock_server(folder: str, port: int, inside: str) -> str:
    """A server of nginx's own modules that says and writes as much as Dev
    Talk does: as many headers, an equal line in an equal log."""
    with open(os.path.join(folder, 'headers.conf')) as file:
        headers = stock(file.read())
    with open(os.path.join(folder, 'log.conf')) as file:
        log = file.read()
    form = re.search(r'log_format json (.*?);', log, re.DOTALL)[1]
    how = re.search(r'access_log\s+\S+\s+json(.*?);', log)[1]
    return f'''
log_format stock {stock(form)};

server {{
    listen  127.0.0.1:{port} backlog=4096;

    access_log    {folder}/stock.log stock{how};
    default_type  application/json;
{headers}
{inside}
}}
'''


# An id of its own for each request, but not nginx's $request_id: its random
# bytes cost a twentieth of all that a file costs.
QUOTE = '"'
STOCK = {
    '$devtalk_request_id': '"$msec-$connection-$connection_requests"',
    '$devtalk_traceparent': f'00-{0:032}-{0:016}-01',    # as long as one
    '$devtalk_user': '$remote_user',
    '$devtalk_method': '$request_method',
    '$devtalk_path': '$uri',
    '$devtalk_route': '$request_method $uri',
    '$log_pg_ms': '0',
    '$cors_origin': '"*"',
    '$cors_expose': '"ETag, Link, Location, Retry-After, X-Request-Id"',
}


def stock(text: str) -> str:
    """The same of nginx's own variables; what is always empty goes."""
    text = re.sub(r'add_header\s+\S+\s+\$cors_(?!origin|expose)\S+\s+always;',
                  '', text)
    text = re.sub(r'^#.*\n', '', text, flags=re.MULTILINE)
    for ours, theirs in STOCK.items():
        # Within quotes already in the log's format.
        text = text.replace(f'"{ours}"', f'"{theirs.strip(QUOTE)}"')
        text = text.replace(ours, theirs)
    unknown = re.search(r'\$(devtalk|cors|log)_\w+', text)
    if unknown:
        raise Failure(f'{unknown[0]}: say in node.py what stock nginx has '
                      'in its place')
    return text


def raised(limits: str) -> str:
    limits = replaced(r'rate=\d+r/[sm]', 'rate=1000000r/s', limits)
    limits = replaced(r'burst=\d+', 'burst=1000000', limits)
    return replaced(r'(limit_conn\s+\w+\s+)\d+', r'\g<1>60000', limits)


def replaced(pattern: str, by: str, text: str) -> str:
    text, count = re.subn(pattern, by, text)
    if count == 0:
        raise Failure(f'the configuration has nothing like {pattern}: '
                      'node.py must follow it')
    return text


def wait_until(ready, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise Failure(f'waited {seconds:.0f} s for {what}')
        time.sleep(0.05)
