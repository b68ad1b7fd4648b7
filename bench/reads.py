"""The sides of the paths that read."""

import base64
import re
import struct
from contextlib import contextmanager

from bench import data, machine, pgbench
from bench.failure import Failure
from bench.ground import Ground
from bench.pgbench import Pgbench
from bench.target import Target
from bench.window import Window
from bench.wrk import Wrk

TAG = 'devtalk'          # every article has it
COLD_REDIS = 256 * 1024  # bytes for values


def service(ground: Ground, name: str, targets: str, **more) -> Wrk:
    return Wrk(name, ground.stack.port, targets,
               workers=ground.stack.workers, metrics=ground.stack.metrics,
               **more)


def stock(ground: Ground, name: str, targets: str) -> Wrk:
    return Wrk(f'{name}, the limit', ground.stack.limit_port, targets)


def read(ground: Ground):
    targets, files = [], []
    for n in range(1, ground.shared() + 1):
        path = ground.article(n)
        parts = (f'"slug":"{data.slug(n)}"', '"favorited":false')
        file = ground.keep_static(path, path[1:])
        targets.append(Target(path, parts=parts))
        files.append(Target(file, parts=parts))
    return (service(ground, 'read', ground.write('read', targets)),
            stock(ground, 'read', ground.write('read-limit', files)))


def read_304(ground: Ground):
    targets, files = [], []
    for n in range(1, ground.shared() + 1):
        path = ground.article(n)
        file = ground.keep_static(path, path[1:])
        for port, where, all_ in ((ground.stack.port, path, targets),
                                  (ground.stack.limit_port, file, files)):
            _, headers, _ = ground.stack.get(where, port)
            all_.append(Target(where, status=304, headers=(
                ('If-None-Match', headers['ETag']),)))
    return (service(ground, 'read-304', ground.write('read-304', targets),
                    statuses=(304,)),
            stock(ground, 'read-304', ground.write('read-304-limit', files)))


def read_signed(ground: Ground):
    """A third each: what the reader favorited, whom he follows, anything."""
    targets, files = [], []
    shared = ground.shared()
    for i in range(len(ground.tokens)):
        user, header = ground.bearer(i)
        n = 1 + i * 7919 % shared
        if i % 3 == 0:
            n = 499 - user % 499
        elif i % 3 == 1:
            n = 1 + (user + i % data.FOLLOWED) % data.USERS
        n = 1 + (n - 1) % shared
        path = ground.article(n)
        parts = (
            f'"slug":"{data.slug(n)}"',
            f'"favorited":{word(data.favorited(user, n))}',
            f'"following":{word(data.following(user, data.author(n)))}')
        targets.append(Target(path, headers=(header,), parts=parts))
        files.append(Target(ground.keep_static(path, path[1:]),
                            headers=(header,), parts=parts[:1]))
    return (service(ground, 'read-signed',
                    ground.write('read-signed', targets)),
            stock(ground, 'read-signed',
                  ground.write('read-signed-limit', files)))


def word(truth: bool) -> str:
    return 'true' if truth else 'false'


def front(ground: Ground):
    path = '/api/articles?limit=20'
    parts = (f'"articlesCount":{ground.data.articles}',
             f'"slug":"{data.slug(ground.data.articles)}"')
    file = ground.keep_static(path, 'front')
    return (service(ground, 'front',
                    ground.write('front', [Target(path, parts=parts)])),
            stock(ground, 'front',
                  ground.write('front-limit', [Target(file, parts=parts)])))


class ColdWrk(Wrk):
    """Every request has to miss both levels, or it is no cold read.  So each
    run goes on behind what the one before has read."""

    def check(self, seconds: int = 1) -> int:
        checked = super().check(seconds)
        self._go_on(checked)
        return checked

    def _go_on(self, requests: int) -> None:
        # A thread may have been faster than the others.
        self.start += int(1.2 * requests / machine.cores()) + 1

    def run(self, seconds: int) -> Window:
        before = self.metrics()
        window = super().run(seconds)
        after = self.metrics()
        self._go_on(window.requests)
        missed = after['devtalk_cache_misses_total'] \
            - before['devtalk_cache_misses_total']
        if missed < 0.99 * window.requests:
            raise Failure(f'{self.what}: only {missed:.0f} of '
                          f'{window.requests} reads missed the caches')
        return window


def cold(ground: Ground, name: str, targets: list[Target]) -> ColdWrk:
    return ColdWrk(name, ground.stack.port, ground.write(name, targets),
                   order='sequence', workers=ground.stack.workers,
                   metrics=ground.stack.metrics)


def read_cold(ground: Ground):
    """Articles are read in turn, all of them before one comes again, through
    caches that hold a few hundred: both levels look, miss, fill and evict as
    they do for an article that nobody has read yet."""
    targets = [Target(ground.article(n),
                      parts=(f'"slug":"{data.slug(n)}"',))
               for n in range(1, ground.data.articles + 1)]
    text = pgbench.statement(ground.stack, 'articles', 'article_by_slug')
    return cold(ground, 'read-cold', targets), Pgbench(
        ground.stack, ground.pool, 'articles', 'read-cold',
        '\\set slug 1000000000000 + random(1, :articles)\n'
        + pgbench.script(text, ['slug']), pgbench.lane(text),
        {'articles': str(ground.data.articles)})


@contextmanager
def small_caches(ground: Ground):
    redis = ground.stack.redis_cli
    redis('flushall')
    kept = redis('config', 'get', 'maxmemory').split('\n')[1]
    used = re.search(r'used_memory:(\d+)', redis('info', 'memory'))[1]
    redis('config', 'set', 'maxmemory', str(int(used) + COLD_REDIS))
    ground.node.configure(cold=True)
    try:
        yield
    finally:
        redis('config', 'set', 'maxmemory', kept)
        ground.node.configure()


def forget(ground: Ground) -> None:
    """What both levels hold of the data before."""
    with small_caches(ground):
        pass


def tag_values(time: str = 'none', id_: str = 'none') -> list[str]:
    return ['none', 'limit', 'offset', time, id_, 'tag']


def tag_wrk(ground: Ground, name: str, path: str, parts) -> Wrk:
    return service(ground, name, ground.write(
        name, [Target(path, parts=parts)]))


def tag_pgbench(ground: Ground, name: str, **position: str) -> Pgbench:
    text = pgbench.statement(ground.stack, 'articles', 'articles_by_tag')
    values = tag_values('time', 'id') if position else tag_values()
    return Pgbench(ground.stack, ground.pool, 'articles', name,
                   pgbench.script(text, values), pgbench.lane(text),
                   {'limit': '20', 'offset': '0', 'tag': TAG, **position})


def first_page(ground: Ground, name: str = 'tag-1') -> Wrk:
    newest = f'"slug":"{data.slug(ground.data.articles)}"'
    return tag_wrk(ground, name, f'/api/articles?limit=20&tag={TAG}',
                   (newest,))


def far_page(ground: Ground, name: str = 'tag-500') -> Wrk:
    first, last = far_articles(ground)
    return tag_wrk(ground, name, f'/api/articles?limit=20&tag={TAG}'
                   f'&cursor={far_cursor(ground)}',
                   (f'"slug":"{data.slug(first)}"',
                    f'"slug":"{data.slug(last)}"'))


def far_articles(ground: Ground) -> tuple[int, int]:
    """Page 500, or the last there is: of newest first."""
    page = min(500, ground.data.articles // 20)
    first = ground.data.articles - 20 * (page - 1)
    return first, first - 19


def far_cursor(ground: Ground) -> str:
    first, _ = far_articles(ground)
    offset = ground.data.articles - first - 20
    _, headers, _ = ground.stack.get(
        f'/api/articles?limit=20&tag={TAG}&offset={offset}')
    return re.search(r'[?&]cursor=([\w-]+)', headers['Link'])[1]


def tag_1(ground: Ground):
    return first_page(ground), tag_pgbench(ground, 'tag-1')


def tag_500(ground: Ground):
    time, id_ = struct.unpack('>qq', base64.urlsafe_b64decode(
        far_cursor(ground))[:16])
    return far_page(ground), tag_pgbench(ground, 'tag-500', time=str(time),
                                         id=str(id_))


def tag_500_1(ground: Ground):
    return far_page(ground, 'tag-500-1'), first_page(ground, 'tag-1-500')


def feed(ground: Ground):
    count = sum(ground.data.articles // data.USERS
                + (rest < ground.data.articles % data.USERS)
                for rest in range(data.USERS)) * data.FOLLOWED // data.USERS
    exact = ground.data.articles % data.USERS == 0
    targets = []
    for i in range(data.USERS):
        _, header = ground.bearer(i)
        targets.append(Target(
            '/api/articles/feed?limit=20', headers=(header,),
            parts=(f'"articlesCount":{count}',) if exact else ()))
    text = pgbench.statement(ground.stack, 'articles', 'feed')
    return (service(ground, 'feed', ground.write('feed', targets)),
            Pgbench(ground.stack, ground.pool, 'articles', 'feed',
                    '\\set viewer random(1, :users)\n'
                    + pgbench.script(text, ['viewer', 'limit', 'offset',
                                            'none', 'none']),
                    pgbench.lane(text),
                    {'users': str(data.USERS), 'limit': '20', 'offset': '0'}))


def null(ground: Ground):
    targets = ground.write('null', [Target('/api/null',
                                           parts=('"null":true',))])
    return (Wrk('null', ground.stack.null_port, targets,
                workers=ground.null_node.workers,
                metrics=lambda: ground.stack.metrics(ground.stack.null_port)),
            Wrk('null, the limit', ground.stack.null_limit_port, targets))


@contextmanager
def null_node(ground: Ground):
    ground.null_node.start()
    try:
        yield
    finally:
        ground.null_node.stop()
