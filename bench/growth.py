"""What reads cost with more and more articles.

Cost is the time on the cores that nginx, PostgreSQL and Redis take for a
request, in parts of what stock nginx takes for a file in a window beside it:
so neither neighbours on the machine count nor a core that is slower now than
it was at the size before.
"""

import argparse
import time
from dataclasses import dataclass
from statistics import median

from bench import data, pair, picture, reads
from bench.ground import Ground
from bench.results import write
from bench.run import say
from bench.target import Target
from bench.wrk import Wrk

ALLOWED = 1.25
FEW = 1                  # comments of each article: it is articles that grow
SPREAD = 10_000          # articles that a path asks for

NAMES = ('read', 'front', 'read-cold', 'comments-cold', 'tag-1', 'tag-500',
         'by-author', 'by-favorited', 'profile', 'feed')


@dataclass
class Growth:
    sizes: list[int]
    rps: dict[str, list[float]]
    cost: dict[str, list[float]]         # of the first size: 1


def run(options: argparse.Namespace) -> Growth:
    ground = Ground(options)
    ground.node.configure()
    rps: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    for size in options.sizes:
        began = time.monotonic()
        ground.data.fill(size, FEW)
        reads.forget(ground)
        say(f'{size:,} articles: {time.monotonic() - began:.0f} s')
        ground.sign()
        for own in paths(ground, size):
            if options.only and own.what not in options.only:
                continue
            own.workers = ground.stack.servers
            own.check()
            result = pair.run(own, beside(ground), options.seconds,
                              options.pairs, say=say)
            rps.setdefault(own.what, []).append(
                round(result.median.own.rps, 1))
            costs.setdefault(own.what, []).append(cost(result))
            say(f'{own.what}: {rps[own.what][-1]:,.0f}/s')
    return Growth(options.sizes, rps,
                  {name: [round(value / values[0], 3) for value in values]
                   for name, values in costs.items()})


def cost(result: pair.Result) -> float:
    return median(
        (one.own.cpu / one.own.requests) / (one.limit.cpu / one.limit.requests)
        for one in result.pairs)


def beside(ground: Ground) -> Wrk:
    """The same at each size: a file."""
    path = ground.keep_static('/api/tags', 'beside')
    side = reads.stock(ground, 'beside',
                       ground.write('beside', [Target(path)]))
    side.workers = ground.stack.workers
    return side


def paths(ground: Ground, size: int):
    """Each read path.  Those that the cache serves are read as it serves
    them; the rest from PostgreSQL."""
    everywhere = [1 + i * 7919 % size for i in range(SPREAD)]
    yield reads.read(ground)[0]
    yield reads.front(ground)[0]
    with reads.small_caches(ground):
        yield reads.cold(ground, 'read-cold', [
            Target(ground.article(n), parts=(f'"slug":"{data.slug(n)}"',))
            for n in everywhere])
        yield reads.cold(ground, 'comments-cold', [
            Target(f'{ground.article(n)}/comments',
                   parts=('"comments":[{"id":',)) for n in everywhere])
    yield reads.first_page(ground)
    yield reads.far_page(ground)
    people = range(1, data.USERS + 1)
    # As many as each author has of the fewest articles.
    yield some(ground, 'by-author', [
        Target(f'/api/articles?author={data.username(u)}&limit=5',
               parts=(f'"username":"{data.username(u)}"',)) for u in people])
    yield some(ground, 'by-favorited', [
        Target(f'/api/articles?favorited={data.username(u)}',
               parts=('"articlesCount":',)) for u in people])
    yield some(ground, 'profile', [
        Target(f'/api/profiles/{data.username(u)}',
               parts=(f'"username":"{data.username(u)}"',)) for u in people])
    yield reads.feed(ground)[0]


def some(ground: Ground, name: str, targets: list[Target]) -> Wrk:
    return reads.service(ground, name, ground.write(name, targets))


def tell(growth: Growth, folder: str) -> int:
    """How many paths grow too much."""
    print()
    print('cost'.ljust(14) + ''.join(f'{size:>12,}' for size in growth.sizes)
          + '   requests/s')
    worse = 0
    for name, costs in growth.cost.items():
        over = max(costs) > ALLOWED
        worse += over
        print(name.ljust(14) + ''.join(f'{cost:12.2f}' for cost in costs)
              + '   ' + ' '.join(f'{rps:,.0f}' for rps in growth.rps[name])
              + (' !' if over else ''))
    print(f'\n{worse} of {len(growth.cost)} paths cost more than '
          f'{ALLOWED:g} times as much with {growth.sizes[-1]:,} articles')
    write(f'{folder}/growth.json', {'sizes': growth.sizes, 'rps': growth.rps,
                                    'cost': growth.cost})
    picture.growth(f'{folder}/growth.svg', growth.sizes, growth.cost)
    return worse
