"""What is kept of a run: latest.json, figures.json, the picture."""

import json
import os
from dataclasses import dataclass, field

from bench.openloop import Latency
from bench.pair import Result
from bench.paths import Path


@dataclass
class Line:
    path: Path
    result: Result
    latency: Latency | None = None

    @property
    def rps(self) -> float:
        return round(self.result.median.own.rps, 1)

    @property
    def limit_rps(self) -> float:
        return round(self.result.median.limit.rps, 1)

    @property
    def ratio(self) -> float:
        return round(self.rps / self.limit_rps, 3)

    @property
    def cpu_us(self) -> float:
        """Of nginx's workers, a request."""
        own = self.result.median.own
        return own.cpu / own.requests * 1e6 if own.requests else 0

    def json(self) -> dict:
        return {'path': self.path.name, 'rps': self.rps,
                'limit_rps': self.limit_rps, 'ratio': self.ratio,
                'p50_ms': round(self.latency.p50, 3) if self.latency else None,
                'p99_ms': round(self.latency.p99, 3) if self.latency else None,
                'goal': self.path.goal}


@dataclass
class Results:
    lines: list[Line] = field(default_factory=list)
    figures: dict = field(default_factory=dict)

    def write(self, folder: str) -> None:
        write(f'{folder}/latest.json', [line.json() for line in self.lines])
        write(f'{folder}/figures.json', self.figures)


def write(name: str, value) -> None:
    """In one step: nobody reads half of it.  Makes the folder."""
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(f'{name}.new', 'w') as file:
        if isinstance(value, list):
            rows = ',\n'.join('  ' + json.dumps(row) for row in value)
            file.write(f'[\n{rows}\n]\n')
        else:
            file.write(json.dumps(value, indent=2) + '\n')
    os.replace(f'{name}.new', name)
