"""Requests as text, and what has to come back: a file that wrk's script
(wrk/requests.lua) and the open-loop client (openloop.c) read.

A line is a request: status, what the body must hold (parts with \\2 between
them), the request with \\1 for each CRLF, tabs between the three.
"""

import json
from dataclasses import dataclass


@dataclass
class Target:
    path: str
    method: str = 'GET'
    headers: tuple[tuple[str, str], ...] = ()
    body: object = None                 # sent as JSON
    status: int = 200
    parts: tuple[str, ...] = ()

    def line(self) -> str:
        head = [f'{self.method} {self.path} HTTP/1.1', 'Host: 127.0.0.1']
        head += [f'{name}: {text}' for name, text in self.headers]
        body = ''
        if self.body is not None:
            body = json.dumps(self.body, separators=(',', ':'))
            head += ['Content-Type: application/json',
                     f'Content-Length: {len(body.encode())}']
        elif self.method == 'POST':
            head += ['Content-Length: 0']
        request = '\1'.join(head) + '\1\1' + body
        return f'{self.status}\t' + '\2'.join(self.parts) + f'\t{request}\n'


def write(name: str, targets: list[Target]) -> str:
    with open(name, 'w') as file:
        file.writelines(target.line() for target in targets)
    return name


def bearer(token: str) -> tuple[str, str]:
    return ('Authorization', f'Token {token}')
