"""What the records say, as series by round: the names that targets and tables speak of."""

from collections.abc import Iterable
from typing import Any

from bench.figures import differences, rates, ratios, sums
from bench.kedro_run import FEATURIZATION
from bench.records import Record

_STAGES_OF_ORIGINAL = {
    "featurize": ("featurize",),
    "reduce": ("reduce", "write", "csv"),
    "classify": ("classify",),
}
_STAGES_OF_OURS = {
    "featurize": ("ingestion", "featurization"),
    "reduce": ("reduction",),
    "classify": ("classification",),
}
STAGES = tuple(_STAGES_OF_OURS)
"""Of the whole job, as both sides have them."""


class Measures:
    """The newest record of every measurement.

    Args:
        records: In the order they were measured.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self._records: dict[tuple[str, str, int], Record] = {
            (record["part"], record["variant"], record["round"]): record for record in records
        }

    def record(self, part: str, variant: str = "", number: int = 0) -> Record | None:
        """One record."""
        return self._records.get((part, variant, number))

    def parts(self) -> set[str]:
        """Parts of which anything was measured."""
        return {part for part, _, _ in self._records}

    def series(self, part: str, variant: str, *steps: str) -> dict[int, float]:
        """A number that is found in each record by following names; rounds without it left out."""
        found: dict[int, float] = {}
        for (its_part, its_variant, number), record in sorted(self._records.items()):
            if (its_part, its_variant) == (part, variant):
                value = _follow(record, steps)
                if value is not None:
                    found[number] = value
        return found

    # --- the whole job --------------------------------------------------------------------------

    def original(self) -> dict[int, float]:
        """Wall seconds of the original's process."""
        return self.series("original", "", "seconds")

    def whole(self, precision: str) -> dict[int, float]:
        """Wall seconds of our process without conversion and t-SNE."""
        return self.series("kedro", precision, "whole")

    def original_stage(self, stage: str) -> dict[int, float]:
        """Seconds of one of ``STAGES``, the original's way."""
        names = _STAGES_OF_ORIGINAL[stage]
        return sums(*(self.series("original", "", "stages", name) for name in names))

    def our_stage(self, precision: str, stage: str) -> dict[int, float]:
        """Seconds of one of ``STAGES``, ours, without conversion and t-SNE."""
        names = _STAGES_OF_OURS[stage]
        spent = sums(*(self.series("kedro", precision, "stages", name) for name in names))
        apart = {"featurize": "conversion", "reduce": "map"}.get(stage)
        return differences(spent, self.series("kedro", precision, apart)) if apart else spent

    # --- photographs per second -----------------------------------------------------------------

    def original_rate(self) -> dict[int, float]:
        """The original's first stage: reading, decoding, ``predict``, Parquet."""
        images = self.series("original", "", "images")
        return rates(images, self.series("original", "", "stages", "featurize"))

    def keras_rate(self, seconds: str) -> dict[int, float]:
        """Plain Keras, by one of its times."""
        return rates(self.series("keras", "", "images"), self.series("keras", "", seconds))

    def loop_rate(self, precision: str) -> dict[int, float]:
        """The ceiling: the bare loops, once they are ready."""
        images = self.series("loop", precision, "images")
        return rates(images, self.series("loop", precision, "loop_seconds"))

    def spark_rate(self, precision: str) -> dict[int, float]:
        """Our node that reads stored bytes and writes features."""
        return self.rate_of_node("kedro", precision)

    def rate_of_node(self, part: str, variant: str) -> dict[int, float]:
        """Photographs per second of the featurizing node in any of our runs."""
        inferred = self.series(part, variant, "inferred")
        return rates(inferred, self.series(part, variant, "nodes", FEATURIZATION))

    # --- targets --------------------------------------------------------------------------------

    def speed_up(self, precision: str) -> dict[int, float]:
        """The whole job, the original's way against ours."""
        return ratios(self.original(), self.whole(precision))

    def share_of_ceiling(self, precision: str) -> dict[int, float]:
        """Featurization inside Spark against the bare loops."""
        return ratios(self.spark_rate(precision), self.loop_rate(precision))

    def reduction_speed_up(self) -> dict[int, float]:
        """Spark ML's scaler and PCA against ours."""
        theirs = self.series("spark_ml", "", "reduction_seconds")
        return ratios(theirs, self.series("reduction", "", "reduction_seconds"))

    def growth(self, *steps: str) -> dict[int, float]:
        """Ten times the photographs against once, by each of the short runs."""
        once, grown = self.series("scale", "once", *steps), self.series("scale", "grown", *steps)
        return ratios({number: grown[1] for number in once if 1 in grown}, once)

    def growth_of_time(self) -> dict[int, float]:
        """Ingestion and featurization, without conversion."""
        once, grown = (self.featurizing_seconds("scale", name) for name in ("once", "grown"))
        return ratios({number: grown[1] for number in once if 1 in grown}, once)

    def featurizing_seconds(self, part: str, variant: str) -> dict[int, float]:
        """Ingestion and featurization together, without conversion."""
        stages = (
            self.series(part, variant, "stages", "ingestion"),
            self.series(part, variant, "stages", "featurization"),
        )
        return differences(sums(*stages), self.series(part, variant, "conversion"))

    def growth_of_driver(self) -> dict[int, float]:
        """Peak memory of the JVM and of the driver's Python together."""
        once, grown = (
            sums(*(self.series("scale", name, "memory", kind) for kind in ("jvm", "driver")))
            for name in ("once", "grown")
        )
        return ratios({number: grown[1] for number in once if 1 in grown}, once)

    def worker_peaks(self) -> dict[int, float]:
        """Resident megabytes of the largest Python worker, of both precisions."""
        peaks = [
            self.series("kedro", precision, "memory", "worker") for precision in ("float32", "int8")
        ]
        numbers = sorted(set().union(*peaks))
        return {n: max(one[n] for one in peaks if n in one) for n in numbers}

    def core_speed_up(self, kind: str) -> dict[int, float]:
        """Two cores against one: ``spark`` (our node) or ``loop``."""
        steps = ("nodes", FEATURIZATION) if kind == "spark" else ("loop_seconds",)
        one, two = (self.series("cores", f"{kind} {cores}", *steps) for cores in (1, 2))
        return ratios(one, two)

    def int8_points_lost(self) -> dict[int, float]:
        """Percentage points between the accuracies of float32 and int8, whichever is better."""
        both = (self.series("kedro", name, "accuracy") for name in ("float32", "int8"))
        return {number: abs(100 * lost) for number, lost in differences(*both).items()}

    def scaled_speed_up(self) -> dict[int, float]:
        """Large photographs: the featurizing node with full decoding against scaled."""
        full, scaled = (
            self.series("large", name, "nodes", FEATURIZATION) for name in ("full", "scaled")
        )
        return ratios(full, scaled)


def _follow(record: Record, steps: Iterable[str]) -> float | None:
    value: Any = record
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None
