"""./devtalk locust: people as they are, by Locust (locustfile.py)."""

import argparse
import os
import sys

from bench.failure import Failure
from bench.ground import Ground
from bench.run import say


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='./devtalk locust',
        description='Runs bench/locustfile.py on a stack of its own.')
    parser.add_argument('--web', action='store_true',
                        help="Locust's page, until it is interrupted")
    parser.add_argument('--users', type=int, default=100, metavar='N')
    parser.add_argument('--seconds', type=int, default=30, metavar='N')
    parser.add_argument('--articles', type=int, default=10000, metavar='N')
    options = parser.parse_args(words)
    if min(options.users, options.seconds) < 1 or options.articles < 1000:
        parser.error('give it users, seconds, and a thousand articles')
    return options


def command(ground: Ground, options: argparse.Namespace) -> list[str]:
    words = ['locust', '-f', os.path.join(os.path.dirname(__file__),
                                          'locustfile.py'),
             '--host', ground.stack.url, '--users', str(options.users),
             '--spawn-rate', str(max(1, options.users // 5))]
    if options.web:
        say(f'open http://127.0.0.1:{ground.stack.web_port}; '
            'interrupt it to end')
        return [*words, '--web-host', '127.0.0.1', '--web-port',
                str(ground.stack.web_port)]
    report = ground.stack.log('locust.html')
    say(f'the report: {report}')
    return [*words, '--headless', '--run-time', f'{options.seconds}s',
            '--only-summary', '--html', report]


def main() -> int:
    if sys.argv[1:2] == ['--parse']:
        parse(sys.argv[2:])
        return 0
    options = parse()
    try:
        ground = Ground(argparse.Namespace(limits=False))
        ground.data.fill(options.articles)
        ground.node.configure()
    except Failure as why:
        print(f'devtalk locust: {why}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    words = command(ground, options)
    sys.stdout.flush()
    # By this Python: Debian's, whatever else is called python3 here.
    os.execve(sys.executable, [sys.executable, '-m', *words],
              {**os.environ, 'DEVTALK_ARTICLES': str(options.articles)})


if __name__ == '__main__':
    sys.exit(main())
