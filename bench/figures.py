"""Figures that are no ratio: latency under other loads, events, memory."""

import threading

from bench import events, machine, writes
from bench.ground import Ground
from bench.results import Line
from bench.wrk import Wrk

PRESSED_RATE = 1000      # cached reads a second while logins take the cores


def half_load(ground: Ground, line: Line, own: Wrk, seconds: int) -> None:
    """Latency at half of what the path can do."""
    line.latency = ground.openloop.run(
        f'{own.what} at half load', own.port, own.targets, line.rps / 2,
        seconds, own.start)


def pressed(ground: Ground, seconds: int) -> dict:
    """A cached read, while more log in than can be."""
    login, _ = writes.login(ground)
    login.check()
    failures = []

    def press() -> None:
        try:
            login.run(seconds + 2)
        except Exception as why:            # said by the thread that waits
            failures.append(why)

    presser = threading.Thread(target=press)
    presser.start()
    try:
        # Until the pool is full: the first logins come back.
        threading.Event().wait(1)
        latency = ground.openloop.run(
            'a cached read under logins', ground.stack.port,
            ground.stack.file('read.targets'), PRESSED_RATE, seconds)
    finally:
        presser.join()
    if failures:
        raise failures[0]
    return {'rate': PRESSED_RATE, 'p50': latency.p50, 'p99': latency.p99,
            'p999': latency.p999}


def event_delay(ground: Ground, seconds: int) -> dict:
    ground.stack.drained()
    return events.delays(ground, ground.stack.file('comment.targets'),
                         ground.stack.port, seconds)


def memory(ground: Ground) -> list[dict[str, float]]:
    return [machine.memory(pid) for pid in ground.stack.workers()]


def told(figures: dict) -> list[str]:
    """A line each, with the goal where there is one."""
    lines = []
    if 'pressed' in figures:
        lines.append('cached read at {rate:,}/s while logins take all they '
                     'can: p50 {p50:.2f} ms, p99 {p99:.2f} ms (goal: 10), '
                     'p99.9 {p999:.2f} ms'.format(**figures['pressed']))
    if 'events' in figures:
        lines.append('commit to consumer at {rate:,} writes/s: p50 {p50:.1f} '
                     'ms, p99 {p99:.1f} ms (goal: 100), longest {max:.1f} ms'
                     .format(**figures['events']))
    for when in ('before', 'after'):
        if when in figures.get('memory', {}):
            lines.append(f'memory of a worker {when}: ' + ', '.join(
                '{pss:.1f} MiB (resident {rss:.1f})'.format(**worker)
                for worker in figures['memory'][when]))
    return lines
