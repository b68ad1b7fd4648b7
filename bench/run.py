"""The whole run, in order."""

import argparse
import time
from contextlib import nullcontext

from bench import figures, machine, pair, paths, picture, reads, table, writes
from bench.ground import Ground
from bench.paths import Path
from bench.results import Line, Results

# How each path's sides are made, and what must be so meanwhile.  Cold reads
# come first: their workers are not those whose memory is told.
SIDES = {
    'read-cold': (reads.read_cold, reads.small_caches),
    'null': (reads.null, reads.null_node),
    'read': (reads.read, None),
    'read-304': (reads.read_304, None),
    'read-signed': (reads.read_signed, None),
    'front': (reads.front, None),
    'tag-1': (reads.tag_1, None),
    'tag-500': (reads.tag_500, None),
    'tag-500-1': (reads.tag_500_1, None),
    'feed': (reads.feed, None),
    'login': (writes.login, None),
    'comment': (writes.comment, None),
    'favorite-hot': (writes.favorite_hot, None),
    'favorite-cold': (writes.favorite_cold, None),
}


# Seconds, after which noisy pairs are only told: the whole has to end within
# ten minutes, three if it has to be quick.
REPEAT_UNTIL = 360
REPEAT_UNTIL_QUICK = 80


def say(text: str) -> None:
    print(f'  {text}', flush=True)


def run(options: argparse.Namespace) -> Results:
    began = time.monotonic()
    ground = Ground(options)
    ground.data.fill(options.articles)
    ground.node.configure()
    ground.sign()
    say(f'{options.articles:,} articles, {len(ground.tokens):,} tokens: '
        f'{time.monotonic() - began:.0f} s')

    repeat_until = began + (REPEAT_UNTIL_QUICK if options.quick
                            else REPEAT_UNTIL)
    results = Results()
    wanted = [path for path in paths.PATHS
              if not options.only or path.name in options.only]
    memory = None
    for name in SIDES:
        for path in wanted:
            if path.name == name:
                if memory is None and SIDES[name][1] is None:
                    memory = {'before': figures.memory(ground)}
                    ground.remember()
                results.lines.append(measure(ground, path, options,
                                             repeat_until))
    results.lines.sort(key=lambda line: paths.NAMES.index(line.path.name))

    if not options.no_figures:
        rest(ground, results, options, memory or {})
    results.figures['cores'] = machine.cores()
    results.figures['seconds'] = round(time.monotonic() - began)
    return results


def measure(ground: Ground, path: Path, options: argparse.Namespace,
            repeat_until: float) -> Line:
    began = time.monotonic()
    make, around = SIDES[path.name]
    with around(ground) if around else nullcontext():
        own, limit = make(ground)
        own.check()
        limit.check()
        line = Line(path, pair.run(
            own, limit, options.seconds, options.pairs,
            lambda: between(ground, path), say,
            lambda: time.monotonic() < repeat_until))
        if not options.no_figures:
            between(ground, path)
            figures.half_load(ground, line, own, options.seconds)
    say(f'{path.name}: {table.number(line.rps)}/s of '
        f'{table.number(line.limit_rps)}/s: {line.ratio:.2f} '
        f'(goal {path.goal:g}; {time.monotonic() - began:.0f} s)')
    return line


def between(ground: Ground, path: Path) -> None:
    """What one window has left does not burden the next."""
    if path.name.startswith('favorite'):
        ground.stack.drained()
        ground.data.restore()
    elif path.name == 'comment':
        ground.stack.drained()


def rest(ground: Ground, results: Results, options: argparse.Namespace,
         memory: dict) -> None:
    done = {line.path.name for line in results.lines}
    if 'read' in done and 'login' in done:
        results.figures['pressed'] = figures.pressed(ground, 3)
    if 'comment' in done:
        results.figures['events'] = figures.event_delay(ground, 4)
    memory['after'] = figures.memory(ground)
    results.figures['memory'] = memory
    results.figures['half_load_ms'] = {
        line.path.name: {'rps': line.latency.rate, 'p50': line.latency.p50,
                         'p99': line.latency.p99, 'p999': line.latency.p999}
        for line in results.lines if line.latency}
    results.figures['worker_cpu_us'] = {
        line.path.name: round(line.cpu_us, 2) for line in results.lines}
    results.figures['noisy_pairs'] = {
        line.path.name: line.result.noisy for line in results.lines
        if line.result.noisy}


def tell(results: Results, folder: str) -> None:
    print()
    print(table.text(results.lines))
    print()
    for text in figures.told(results.figures):
        print(text)
    if results.figures.get('noisy_pairs'):
        print('noisy pairs: ' + ', '.join(
            f'{name} {count}' for name, count
            in results.figures['noisy_pairs'].items()))
    results.write(folder)
    picture.ratios(f'{folder}/ratios.svg', results.lines)
    with open(f'{folder}/table.md', 'w') as file:
        file.write(table.markdown(results.lines) + '\n')
