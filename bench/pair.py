"""Two sides that take turns, and what comes of it.

The machine's speed drifts; neighbours drift most.  So each window of the one
side has a window of the other beside it, the order changes from pair to pair,
and the pair whose ratio is the median of all speaks for the path: its figures
are of the same moment.
"""

from dataclasses import dataclass
from typing import Callable

from bench.window import Window

NOISY = 0.10             # off the median


@dataclass
class Pair:
    own: Window
    limit: Window

    @property
    def ratio(self) -> float:
        return self.own.rps / self.limit.rps


@dataclass
class Result:
    pairs: list[Pair]
    noisy: int                       # pairs that were off
    median: Pair

    @property
    def spread(self) -> float:
        """From the lowest ratio to the highest, in parts of the median."""
        ratios = sorted(pair.ratio for pair in self.pairs)
        return (ratios[-1] - ratios[0]) / self.median.ratio


def run(own, limit, seconds: int, count: int,
        before: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = lambda text: None,
        may_repeat: Callable[[], bool] = lambda: True) -> Result:
    """"before" runs before each window."""
    pairs = [one(own, limit, seconds, i % 2 == 1, before)
             for i in range(count)]
    noisy = [i for i, pair in enumerate(pairs) if off(pair, pairs) > NOISY]
    if noisy:
        say('noisy pairs' + (', each once more: ' if may_repeat() else
                             ', no time for them again: ')
            + ', '.join(f'{i + 1} ({off(pairs[i], pairs):.0%} off)'
                        for i in noisy))
    if not may_repeat():
        return Result(pairs, len(noisy), median(pairs))
    replacements = [one(own, limit, seconds, i % 2 == 0, before)
                    for i in noisy]
    for i, pair in zip(noisy, replacements):
        pairs[i] = pair
    return Result(pairs, len(noisy), median(pairs))


def one(own, limit, seconds: int, limit_first: bool, before) -> Pair:
    windows = {}
    for side in (limit, own) if limit_first else (own, limit):
        before()
        windows[side] = side.run(seconds)
    return Pair(windows[own], windows[limit])


def median(pairs: list[Pair]) -> Pair:
    """A pair that was measured: of an even number the lower one."""
    return sorted(pairs, key=lambda pair: pair.ratio)[(len(pairs) - 1) // 2]


def off(pair: Pair, pairs: list[Pair]) -> float:
    middle = median(pairs).ratio
    return abs(pair.ratio - middle) / middle
