"""The table that a person reads."""

from bench.results import Line

HEAD = ('path', 'requests/s', 'limit/s', 'ratio', 'goal', 'aim', 'spread',
        'p50 ms', 'p99 ms', 'p99.9', 'cpu us')


def rows(lines: list[Line]) -> list[tuple[str, ...]]:
    return [(
        f'{line.path.title} ({line.path.limit})',
        number(line.rps), number(line.limit_rps),
        f'{line.ratio:.2f}{"" if line.ratio >= line.path.goal else " !"}',
        f'{line.path.goal:g}', f'{line.path.aim:g}',
        f'{line.result.spread:.0%}'
        + (f' ({line.result.noisy} noisy)' if line.result.noisy else ''),
        *((f'{line.latency.p50:.2f}', f'{line.latency.p99:.2f}',
           f'{line.latency.p999:.2f}') if line.latency else ('', '', '')),
        f'{line.cpu_us:.1f}' if line.cpu_us else '') for line in lines]


def number(value: float) -> str:
    return f'{value:,.0f}' if value >= 100 else f'{value:.1f}'


def text(lines: list[Line]) -> str:
    """Columns with blanks between them."""
    all_rows = [HEAD, *rows(lines)]
    widths = [max(len(row[i]) for row in all_rows) for i in range(len(HEAD))]
    return '\n'.join(
        row[0].ljust(widths[0]) + '  '
        + '  '.join(cell.rjust(width)
                    for cell, width in zip(row[1:], widths[1:]))
        for row in all_rows)


def markdown(lines: list[Line]) -> str:
    """The same, as docs/performance.md has it."""
    split = '|---|' + '---:|' * (len(HEAD) - 1)
    return '\n'.join(['| ' + ' | '.join(HEAD) + ' |', split]
                     + ['| ' + ' | '.join(row) + ' |' for row in rows(lines)])
