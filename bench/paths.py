"""The paths, their limits and their goals: the table of this bench.

"goal" is what the ratio has to reach, "aim" what it should.
"""

from dataclasses import dataclass


@dataclass
class Path:
    name: str
    title: str
    limit: str
    goal: float
    aim: float


PATHS = [
    Path('read', 'read an article, anonymous, cached',
         'the same bytes as a static file', 0.9, 1.2),
    Path('read-304', 'the same, If-None-Match: 304',
         "the static file's 304", 0.9, 1.2),
    Path('read-signed', 'the same, signed in, 10,000 tokens',
         'the static file', 0.55, 0.8),
    Path('front', 'front page, 20 articles, cached',
         'the same bytes as a static file', 0.9, 1.2),
    Path('read-cold', 'read an article, both caches cold',
         'pgbench, the same statement', 0.65, 0.85),
    Path('tag-1', 'list by tag, page 1',
         'pgbench, the same statement', 0.65, 0.85),
    Path('tag-500', 'list by tag, page 500',
         'pgbench, the same statement', 0.65, 0.85),
    Path('tag-500-1', 'list by tag, page 500',
         'page 1', 0.95, 1),
    Path('feed', 'personal feed of 100 authors',
         'pgbench, the same statement', 0.65, 0.85),
    Path('comment', 'post a comment',
         'pgbench, the same statement', 0.75, 0.9),
    Path('favorite-hot', 'favorite, all one article',
         'pgbench, the same statements', 0.75, 0.9),
    Path('favorite-cold', 'favorite, spread',
         'pgbench, the same statements', 0.75, 0.9),
    Path('login', 'log in',
         'Argon2id on as many threads', 0.9, 0.95),
    Path('null', 'null route',
         'nginx "return 200"', 0.7, 0.85),
]

NAMES = [path.name for path in PATHS]
