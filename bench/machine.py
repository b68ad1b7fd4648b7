"""The machine: its cores, and what processes took of it."""

import glob
import os


def cores() -> int:
    return len(os.sched_getaffinity(0))


def cpu_seconds(pids: list[int]) -> float:
    """Time on a core, of all threads, to the nanosecond."""
    total = 0
    for pid in pids:
        for path in glob.glob(f'/proc/{pid}/task/*/schedstat'):
            try:
                with open(path) as file:
                    total += int(file.read().split()[0])
            except OSError:
                pass                      # a thread that has just ended
    return total / 1e9


def children(pid: int) -> list[int]:
    with open(f'/proc/{pid}/task/{pid}/children') as file:
        return [int(word) for word in file.read().split()]


def memory(pid: int) -> dict[str, float]:
    """MiB: of the process alone ("pss" shares what is shared), and all."""
    sizes = {}
    with open(f'/proc/{pid}/smaps_rollup') as file:
        for line in file:
            name, _, rest = line.partition(':')
            if name in ('Rss', 'Pss', 'Private_Dirty'):
                sizes[name.lower()] = int(rest.split()[0]) / 1024
    return sizes
