"""The last run in docs/performance.md, between its marks."""

import re

from bench import figures, table
from bench.results import Results


def write(root: str, results: Results) -> None:
    name = f'{root}/docs/performance.md'
    with open(name) as file:
        text = file.read()
    text = between(text, 'table', table.markdown(results.lines))
    text = between(text, 'figures', '\n'.join(
        f'- {line}' for line in figures.told(results.figures)))
    with open(name, 'w') as file:
        file.write(text)


def between(text: str, mark: str, inside: str) -> str:
    return re.sub(rf'(<!-- {mark} -->\n).*?(<!-- /{mark} -->)',
                  lambda found: f'{found[1]}\n{inside}\n\n{found[2]}', text,
                  flags=re.DOTALL)
