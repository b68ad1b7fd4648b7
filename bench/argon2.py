"""Argon2id alone: the limit of logging in."""

import re
import subprocess

from bench.failure import Failure
from bench.window import Window


class Argon2:

    def __init__(self, program: str, threads: int) -> None:
        self.program = program
        self.threads = threads

    def check(self) -> None:
        self.run(1)

    def run(self, seconds: int) -> Window:
        said = subprocess.run([self.program, str(self.threads), str(seconds)],
                              capture_output=True, text=True)
        if said.returncode:
            raise Failure(f'argon2: {said.stderr}')
        rate = float(said.stdout)
        return Window(rate, int(rate * seconds), seconds)


def threads(conf: str) -> int:
    """Of a worker's hash pool, as nginx.conf has it."""
    return int(re.search(r'thread_pool\s+devtalk_hash\s[^;]*?threads=(\d+)',
                         conf)[1])
