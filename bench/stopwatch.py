"""Seconds of stages that follow each other."""

import time


class Stopwatch:
    """Runs from its making.

    Attributes:
        seconds: Of every stage that has ended, by its name.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._mark = time.perf_counter()

    def lap(self, stage: str) -> None:
        """End a stage and begin the next."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._mark, 3)
        self._mark = now
        print(f"{stage}: {self.seconds[stage]:.1f} s", flush=True)
