"""What make test-cluster prints at its end: every place side by side."""

from dataclasses import dataclass, field

from cluster.job import FEATURES, Place


@dataclass
class Report:
    """Filled by the tests, printed after them.

    Attributes:
        places: Name, seconds, rows of features and whether the results are those of the local run.
        notes: Everything else that was measured, one line each.
    """

    places: list[tuple[str, float, int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, seconds: float, place: Place, equal: str = "yes") -> None:
        """Note a place."""
        self.places.append((name, seconds, place.committed(FEATURES), equal))

    def lines(self) -> list[str]:
        """The report as text; nothing where no test filled it."""
        if not self.places and not self.notes:
            return []
        head = f"{'place':<34}{'seconds':>9}{'rows':>8}  equal to local"
        places = [f"{p:<34}{s:>9.1f}{r:>8}  {equal}" for p, s, r, equal in self.places]
        return ["", "make test-cluster", head, *places, *self.notes]


REPORT = Report()
