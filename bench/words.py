"""The words of the command line."""

import argparse
import os

from bench import growth, paths

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='./devtalk bench',
        description='Runs each path against its own limit, in the same run.')
    parser.add_argument('--quick', action='store_true',
                        help='shorter windows: under three minutes')
    parser.add_argument('--growth', action='store_true',
                        help='instead: what reads cost with ten thousand, '
                             'a hundred thousand and a million articles')
    parser.add_argument('--only', metavar='PATH,...', default='',
                        help='of ' + ' '.join(paths.NAMES) + '; --growth: '
                             + ' '.join(growth.NAMES))
    parser.add_argument('--pairs', type=int, metavar='N', default=0,
                        help='windows of each side (5, quick 3)')
    parser.add_argument('--seconds', type=int, metavar='N', default=0,
                        help='length of a window (2, quick 1)')
    parser.add_argument('--articles', type=int, metavar='N', default=10000)
    parser.add_argument('--sizes', metavar='N,...', default='',
                        help='of --growth (10000,100000,1000000)')
    parser.add_argument('--no-figures', action='store_true',
                        help='the table alone')
    parser.add_argument('--limits', action='store_true',
                        help='with the rate limits as they are shipped: they '
                             'refuse, and the bench has to fail')
    parser.add_argument('--document', action='store_true',
                        help='puts the table into docs/performance.md')
    parser.add_argument('--results', metavar='FOLDER',
                        default=os.path.join(ROOT, 'bench', 'results'))
    options = parser.parse_args(words)

    options.only = [name for name in options.only.split(',') if name]
    for name in options.only:
        if name not in (growth.NAMES if options.growth else paths.NAMES):
            parser.error(f"there is no path '{name}'")
    options.pairs = options.pairs or (3 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else 2)
    options.sizes = [int(size) for size in options.sizes.split(',') if size] \
        or [10_000, 100_000, 1_000_000]
    if options.articles < 1000 or min(options.sizes) < 10_000:
        parser.error('give it a thousand articles, --growth ten thousand, '
                     'or more')
    return options
