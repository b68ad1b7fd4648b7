"""What all paths stand on: the stack with its data, tokens and programs."""

import argparse
import os

from bench import data, programs, tokens
from bench.data import Data
from bench.node import Node, NullNode
from bench.openloop import OpenLoop
from bench.pgbench import Pool
from bench.stack import Stack
from bench.target import Target, bearer, write
from bench.wrk import Wrk

TOKENS = 10_000
SHARED = 1000            # articles that the cached paths read


class Ground:

    def __init__(self, options: argparse.Namespace) -> None:
        self.stack = Stack()
        self.node = Node(self.stack, options.limits)
        self.null_node = NullNode(self.stack, programs.build_null(self.stack))
        self.pool = Pool(self.stack, self.node.shipped)
        self.data = Data(self.stack)
        self.argon2 = programs.build(self.stack, 'argon2', '-lsodium',
                                     '-pthread')
        self.openloop = OpenLoop(programs.build(self.stack, 'openloop'))
        self.tokens: list[tuple[int, str]] = []
        self.static: set[str] = set()

    def shared(self) -> int:
        return min(SHARED, self.data.articles)

    def sign(self) -> None:
        self.tokens = tokens.make(self.stack, self.node.shipped, TOKENS)

    def remember(self) -> None:
        """The workers get to know the tokens: what is measured is not the
        first request of each.  Until it gets no better."""
        targets = self.write('remember', [
            Target('/api/tags', headers=(bearer(token),))
            for _, token in self.tokens])
        side = Wrk('remember', self.stack.port, targets)
        share = 1.0
        while share > 0.01:
            before = self.stack.metrics()['devtalk_tokens_verified_total']
            requests = side.run(1).requests
            after = self.stack.metrics()['devtalk_tokens_verified_total']
            last, share = share, (after - before) / requests
            if share > 0.9 * last and share < 0.5:
                break

    def bearer(self, i: int) -> tuple[int, tuple[str, str]]:
        """A user, and his header."""
        user, token = self.tokens[i % len(self.tokens)]
        return user, bearer(token)

    def write(self, name: str, targets: list[Target]) -> str:
        return write(self.stack.file(f'{name}.targets'), targets)

    def keep_static(self, path: str, name: str) -> str:
        """What the service answers, as a file of the stock server: its
        path there."""
        if name not in self.static:
            file = f'{self.stack.files}/static/{name}'
            os.makedirs(os.path.dirname(file), exist_ok=True)
            _, _, body = self.stack.get(path)
            with open(file, 'wb') as out:
                out.write(body)
            self.static.add(name)
        return f'/{name}'

    def article(self, n: int) -> str:
        return f'/api/articles/{data.slug(n)}'
