"""What one side did in one window."""

from dataclasses import dataclass


@dataclass
class Window:
    rps: float
    requests: int = 0
    seconds: float = 0.0
    cpu: float = 0.0          # seconds of nginx's workers
