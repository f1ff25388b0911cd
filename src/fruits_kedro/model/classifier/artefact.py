"""What every trained classifier is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Classifier:
    """A trained classifier's labels and what it belongs to.

    Attributes:
        labels: The labels in the order of its probabilities.
        reducer_id: ``Reducer.id`` of the reducer whose components it takes.
    """

    labels: tuple[str, ...]
    reducer_id: str
