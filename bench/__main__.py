"""./devtalk bench."""

import sys

from bench import document, growth, run, words
from bench.failure import Failure


def main() -> int:
    if sys.argv[1:2] == ['--parse']:
        words.parse(sys.argv[2:])
        return 0
    options = words.parse()
    try:
        if options.growth:
            growth.tell(growth.run(options), options.results)
        else:
            results = run.run(options)
            run.tell(results, options.results)
            if options.document:
                document.write(words.ROOT, results)
    except Failure as why:
        print(f'devtalk bench: {why}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
