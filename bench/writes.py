"""The sides of the paths that write.

Both sides leave events, and the relays and consumers of the same nginx carry
them away while either is measured; each window begins when they are through.
"""

from bench import argon2, data, machine, pgbench
from bench.argon2 import Argon2
from bench.ground import Ground
from bench.pgbench import Pgbench
from bench.reads import service
from bench.target import Target

TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
COMMENT = ('A queue without a bound is an outage that waits for its day; '
           'a retry is a second request, and we treat it as one.')
SPREAD = 10_000          # favorites that are spread


def comment(ground: Ground):
    targets = []
    for i in range(10 * data.USERS):
        _, header = ground.bearer(i % data.USERS)
        n = 1 + i * 7919 % ground.data.articles
        targets.append(Target(
            f'{ground.article(n)}/comments', 'POST', headers=(header,),
            body={'comment': {'body': COMMENT}}, status=201,
            parts=(f'"body":"{COMMENT}"',)))
    text = pgbench.statement(ground.stack, 'comments', 'comment_create')
    return (service(ground, 'comment', ground.write('comment', targets),
                    statuses=(201,)),
            Pgbench(ground.stack, ground.pool, 'comments', 'comment',
                    '\\set viewer random(1, :users)\n'
                    '\\set slug 1000000000000 + random(1, :articles)\n'
                    + pgbench.script(text, ['viewer', 'slug', 'body',
                                            'trace']),
                    pgbench.lane(text),
                    {'users': str(data.USERS), 'body': COMMENT,
                     'articles': str(ground.data.articles), 'trace': TRACE},
                    writes=True))


def favorite_hot(ground: Ground):
    """One article, half way down."""
    hot = ground.data.articles // 2
    return favorites(ground, 'favorite-hot', data.USERS,
                     lambda j: (1 + j % data.USERS, hot),
                     f'{hot} + 0 * :j')


def favorite_cold(ground: Ground):
    articles = ground.data.articles
    return favorites(ground, 'favorite-cold', SPREAD,
                     lambda j: (1 + j % data.USERS, 1 + j * 37 % articles),
                     f'1 + :j * 37 % {articles}')


def favorites(ground: Ground, name: str, pairs: int, pair, article: str):
    """Each client goes through pairs of its own: favorites all, takes all
    back, and again.  So every request changes something."""
    targets = []
    threads = machine.cores()
    each = pairs // threads
    by_user: dict[int, tuple[str, str]] = {}
    for i in range(data.USERS):
        user, header = ground.bearer(i)
        by_user[user] = header
    for thread in range(threads):
        for method, seen in (('POST', 'true'), ('DELETE', 'false')):
            for j in range(thread * each, (thread + 1) * each):
                user, n = pair(j)
                targets.append(Target(
                    f'{ground.article(n)}/favorite', method,
                    headers=(by_user[user],),
                    parts=(f'"slug":"{data.slug(n)}"',
                           f'"favorited":{seen}')))
    own = service(ground, name, ground.write(name, targets),
                  order='sequence')

    texts = [pgbench.statement(ground.stack, 'articles', which)
             for which in ('article_favorite', 'article_unfavorite')]
    values = ['viewer', 'slug', 'trace']
    lane = pgbench.lane(texts[0])
    each = pairs // ground.pool.size('articles', lane)
    text = (f'\\set i (:i + 1) % {2 * each}\n'
            f'\\set j :client_id * {each} + :i % {each}\n'
            f'\\set viewer 1 + :j % {data.USERS}\n'
            f'\\set slug 1000000000000 + {article}\n'
            f'\\if :i < {each}\n' + pgbench.script(texts[0], values)
            + '\\else\n' + pgbench.script(texts[1], values) + '\\endif\n')
    return own, Pgbench(ground.stack, ground.pool, 'articles', name, text,
                        lane, {'i': '-1', 'trace': TRACE}, writes=True)


def login(ground: Ground):
    targets = [Target('/api/users/login', 'POST',
                      body={'user': {'email': data.email(u),
                                     'password': data.PASSWORD}},
                      parts=('"token":"ey',
                             f'"username":"{data.username(u)}"'))
               for u in range(1, data.USERS + 1)]
    threads = argon2.threads(ground.node.shipped) \
        * len(ground.stack.workers())
    # Enough for every thread at any time, few enough not to be turned away:
    # who would wait too long for a thread gets 503.
    return (service(ground, 'login', ground.write('login', targets),
                    connections=6 * threads),
            Argon2(ground.argon2, threads))
