"""wrk: one side of a pair that speaks HTTP."""

import json
import os
import re
import subprocess

from bench import machine
from bench.failure import Failure
from bench.window import Window

SCRIPT = os.path.join(os.path.dirname(__file__), 'wrk', 'requests.lua')
CONNECTIONS = 64


class Wrk:

    def __init__(self, what: str, port: int, targets: str,
                 order: str = 'random', connections: int = CONNECTIONS,
                 workers=None, metrics=None, statuses=(200,)) -> None:
        self.what = what
        self.port = port
        self.targets = targets
        self.order = order
        self.start = 0                  # of "sequence" in each share
        self.connections = connections
        self.workers = workers          # () → pids, for their time
        self.metrics = metrics          # () → counters, for statuses
        self.statuses = statuses

    def check(self, seconds: int = 1) -> int:
        """Every answer is looked at: status and body.  How many."""
        threads = machine.cores()
        result = self._run(seconds, threads, 'check')
        if result['checked'] == 0:
            raise Failure(f'{self.what}: no answer within {seconds} s')
        if result['wrong']:
            raise Failure(f'{self.what}: {result["wrong"]} of '
                          f'{result["checked"]} answers are wrong: '
                          + result['complaint'])
        return result['checked']

    def run(self, seconds: int) -> Window:
        before = self.metrics() if self.metrics else {}
        cpu = machine.cpu_seconds(self.workers()) if self.workers else 0
        result = self._run(seconds, self.connections, 'count')
        if self.workers:
            cpu = machine.cpu_seconds(self.workers()) - cpu
        if self.metrics:
            self._statuses(before, self.metrics(), result['requests'])
        took = result['microseconds'] / 1e6
        return Window(result['requests'] / took, result['requests'], took, cpu)

    def _run(self, seconds: int, connections: int, check: str) -> dict:
        threads = machine.cores()
        said = subprocess.run(
            ['wrk', f'-t{threads}', f'-c{connections}', f'-d{seconds}s',
             '--timeout', '10s', '-s', SCRIPT, f'http://127.0.0.1:{self.port}',
             '--', self.targets,
             self.order if self.order == 'random' else str(self.start),
             check, str(threads)],
            capture_output=True, text=True)
        line = said.stdout.strip().rpartition('\n')[2]
        if said.returncode or not line.startswith('{'):
            raise Failure(f'wrk: {said.stdout[-300:]} {said.stderr[-300:]}')
        result = json.loads(line)
        if result['refused'] or result['broken'] or result['late']:
            raise Failure(
                f'{self.what}: of {result["requests"]} requests '
                f'{result["refused"]} were answered 4xx or 5xx, '
                f'{result["broken"]} broke, {result["late"]} took over 10 s')
        return result

    def _statuses(self, before: dict, after: dict, requests: int) -> None:
        """Answers by status as the service counts them: wrk knows errors,
        but takes a 200 for a 304."""
        seen: dict[int, float] = {}
        for name, value in after.items():
            found = re.match(r'devtalk_requests_total\{.*status="(\d+)"', name)
            grown = value - before.get(name, 0)
            if found and grown:
                status = int(found[1])
                seen[status] = seen.get(status, 0) + grown
        good = sum(seen.get(status, 0) for status in self.statuses)
        # 499: wrk leaves at the end, whatever is still under way.
        bad = sum(count for status, count in seen.items()
                  if status not in (*self.statuses, 499))
        left = seen.get(499, 0)
        if good < requests or bad or left > self.connections:
            raise Failure(f'{self.what}: {requests} requests, but answers '
                          f'{seen}: {self.statuses} were expected')
