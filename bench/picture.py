"""Pictures (SVG)."""

import matplotlib

matplotlib.use('svg')

# Text as text, the same bytes for the same figures.
matplotlib.rcParams['svg.fonttype'] = 'none'
matplotlib.rcParams['svg.hashsalt'] = 'devtalk'

from matplotlib import pyplot  # noqa: E402

GOOD, SHORT, INK = '#2f6f4f', '#b5532a', '#333333'


def ratios(name: str, lines) -> None:
    """Each path as a part of its limit, with its goal."""
    figure, axes = pyplot.subplots(figsize=(9, 0.42 * len(lines) + 1.2))
    for y, line in enumerate(reversed(lines)):
        reached = line.ratio >= line.path.goal
        axes.barh(y, line.ratio, height=0.62,
                  color=GOOD if reached else SHORT)
        axes.plot([line.path.goal] * 2, [y - 0.4, y + 0.4], color=INK)
        axes.text(line.ratio + 0.01, y, f' {line.ratio:.2f}', va='center',
                  color=INK)
    axes.set_yticks(range(len(lines)),
                    [line.path.name for line in reversed(lines)])
    axes.axvline(1, color=INK, linewidth=0.6, linestyle=':')
    axes.set_xlabel('part of the path\'s own limit; the strokes are the goals')
    axes.set_xlim(0, max([1.3] + [line.ratio + 0.15 for line in lines]))
    save(figure, axes, name)


def growth(name: str, sizes: list[int], costs: dict[str, list[float]]) -> None:
    """What a read costs, in parts of what it costs with the fewest."""
    figure, axes = pyplot.subplots(figsize=(9, 5))
    for path, values in costs.items():
        axes.plot(sizes, values, marker='o', label=path)
    axes.axhline(1.25, color=INK, linewidth=0.8, linestyle=':')
    axes.set_xscale('log')
    axes.set_xticks(sizes, [f'{size:,}' for size in sizes])
    axes.minorticks_off()
    axes.set_ylim(0, max([1.5] + [v * 1.1 for all_ in costs.values()
                                  for v in all_]))
    axes.set_xlabel('articles')
    axes.set_ylabel(f'cost of a read, with {sizes[0]:,} articles = 1')
    axes.legend(loc='lower right', ncol=2, frameon=False)
    save(figure, axes, name)


def save(figure, axes, name: str) -> None:
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(name, metadata={'Date': None, 'Creator': None})
    pyplot.close(figure)
