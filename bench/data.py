"""What is in the database: everything follows from its number, so that every
answer is known beforehand.  See sql/fill.sql."""

import os
import subprocess

from bench.failure import Failure
from bench.stack import Stack

USERS = 1000
FOLLOWED = 100
COMMENTS = 5             # of each article
PASSWORD = 'devtalk-demo'
BATCH = 20_000


class Data:

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.articles = 0

    def fill(self, articles: int, comments: int = COMMENTS) -> None:
        """Up to so many; those that are there stay."""
        for first in range(self.articles + 1, articles + 1, BATCH):
            self._batch(first, min(first + BATCH - 1, articles), comments)
        self.articles = articles
        self.stack.sql('VACUUM (ANALYZE)')
        self.stack.sql('CHECKPOINT')

    def _batch(self, first: int, last: int, comments: int) -> None:
        words = {'users': USERS, 'first': first, 'last': last,
                 'comments': comments}
        said = subprocess.run(
            ['psql', '-Xq', os.environ['DEVTALK_PG'], '-f',
             f'{os.path.dirname(__file__)}/sql/fill.sql',
             *(f'--set={name}={value}' for name, value in words.items())],
            capture_output=True, text=True)
        if said.returncode:
            raise Failure(f'the data could not be filled in: {said.stderr}')

    def restore(self) -> None:
        """Favorites as they were filled in: the next window of them begins
        with what the one before began with."""
        self.stack.sql('DELETE FROM articles.favorites'
                       ' WHERE (user_id + article_id) % 499 <> 0')
        self.stack.sql(
            'UPDATE articles.articles a SET favorites_count = n.n FROM'
            ' (SELECT id, (SELECT count(*) FROM articles.favorites f'
            '               WHERE f.article_id = b.id) AS n'
            '    FROM articles.articles b) AS n'
            ' WHERE n.id = a.id AND a.favorites_count <> n.n')


def slug(n: int) -> str:
    return str(1_000_000_000_000 + n)


def author(n: int) -> int:
    return 1 + (n - 1) % USERS


def favorited(user: int, n: int) -> bool:
    return (user + n) % 499 == 0


def following(user: int, other: int) -> bool:
    return 1 <= (other - user) % USERS <= FOLLOWED


def username(user: int) -> str:
    return f'reader{user}'


def email(user: int) -> str:
    return f'reader{user}@example.com'
