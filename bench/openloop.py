"""Latency at a rate that is kept, whatever the server does: openloop.c."""

import json
import subprocess
from dataclasses import dataclass

from bench.failure import Failure

CONNECTIONS = 64


@dataclass
class Latency:
    rate: float
    p50: float               # ms
    p99: float
    p999: float
    answered: int


class OpenLoop:

    def __init__(self, program: str) -> None:
        self.program = program

    def start(self, port: int, targets: str, rate: float, seconds: float,
              start: int = 0) -> subprocess.Popen:
        return subprocess.Popen(
            [self.program, str(port), f'{rate:.3f}', f'{seconds:.3f}',
             str(CONNECTIONS), targets, str(start)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, what: str, process: subprocess.Popen,
            rate: float) -> Latency:
        said, complaint = process.communicate()
        if process.returncode:
            raise Failure(f'{what}: {complaint.strip()}')
        result = json.loads(said)
        if result['wrong'] or result['answered'] < result['asked']:
            raise Failure(f'{what}: {result["wrong"]} wrong answers of '
                          f'{result["answered"]} to {result["asked"]} '
                          f'requests: {result["complaint"]}')
        return Latency(rate, result['p50'], result['p99'], result['p999'],
                       result['answered'])

    def run(self, what: str, port: int, targets: str, rate: float,
            seconds: float, start: int = 0) -> Latency:
        return self.end(what, self.start(port, targets, rate, seconds, start),
                        rate)
