"""Records of a made-up benchmark with simple numbers."""

from typing import Any

ABOUT = {
    "part": "about",
    "variant": "",
    "round": 0,
    "command": "python -m bench --images /photos",
    "images": "/photos",
    "photographs": 10_000,
    "date": "2026-11-22",
    "commit": "0123456789ab",
    "machine": {"processor": "a CPU", "cores": 2, "memory_gib": 23.5, "system": "Linux"},
    "versions": {"python": "3.11.7", "pyspark": "4.0.5"},
}


def record(part: str, variant: str, number: int, **values: Any) -> dict[str, Any]:
    return {"part": part, "variant": variant, "round": number, "ended": "…", **values}


def our_run(part: str, variant: str, number: int, **values: Any) -> dict[str, Any]:
    """100 s of wall time, 15 s of conversion, 5 s of map, 10,000 photographs in 50 s."""
    known = {
        "seconds": 100.0,
        "whole": 80.0,
        "outside": 3.0,
        "conversion": 15.0,
        "map": 5.0,
        "stages": {
            "ingestion": 10.0,
            "featurization": 67.0,
            "reduction": 12.0,
            "classification": 8.0,
        },
        "nodes": {"compute_features": 50.0},
        "images": 10_000,
        "inferred": 10_000,
        "accuracy": 0.99,
        "memory": {"driver": 200.0, "jvm": 800.0, "worker": 250.0},
    }
    return record(part, variant, number, **{**known, **values})


def one_round(number: int, slower: float = 1.0) -> list[dict[str, Any]]:
    """A round in which the original's way takes 400 s, times ``slower``."""
    return [
        record(
            "original",
            "",
            number,
            seconds=400.0 * slower,
            images=10_000,
            stages={
                "start": 4.0,
                "featurize": 320.0 * slower,
                "reduce": 30.0,
                "write": 3.0,
                "csv": 7.0,
                "classify": 30.0,
            },
            memory={"driver": 200.0, "jvm": 1500.0, "worker": 950.0},
        ),
        record(
            "keras",
            "",
            number,
            seconds=210.0,
            images=10_000,
            decode_seconds=20.0,
            predict_seconds=180.0,
            all_seconds=200.0,
        ),
        our_run("kedro", "float32", number),
        record("loop", "float32", number, seconds=50.0, images=10_000, loop_seconds=46.0),
        our_run("kedro", "int8", number, whole=50.0, accuracy=0.989),
        record("loop", "int8", number, seconds=30.0, images=10_000, loop_seconds=25.0),
        record(
            "spark_ml",
            "",
            number,
            seconds=40.0,
            fit_seconds=16.0,
            transform_seconds=4.0,
            reduction_seconds=20.0,
        ),
        record(
            "reduction",
            "",
            number,
            seconds=20.0,
            nodes={"fit_reducer_on_train": 1.5, "reduce_photographs": 0.5},
            reduction_seconds=2.0,
        ),
    ]


def whole_benchmark() -> list[dict[str, Any]]:
    """Three rounds and every other part."""
    grown = {
        "stages": {"ingestion": 60.0, "featurization": 575.0},
        "memory": {"driver": 200.0, "jvm": 900.0, "worker": 260.0},
        "nodes": {"compute_features": 550.0},
        "images": 100_000,
        "inferred": 100_000,
    }
    equality = {
        "seconds": 9.0,
        "images": 10_000,
        "without_features": 0,
        "largest_difference": 5e-5,
        "smallest_cosine": 1.0,
        "median_cosine": 1.0,
        "predictions": 10_000,
        "predictions_that_differ": 1,
    }
    sizes = {"folder": 0.99, "capture": 0.88, "network_megabytes": 8.9}
    return [
        ABOUT,
        *one_round(1),
        record("equality", "float32", 1, **equality),
        record("equality", "int8", 1, **{**equality, "largest_difference": 2.0}),
        *one_round(2, slower=1.1),
        *one_round(3, slower=0.9),
        our_run("scale", "once", 1, heap_left=100.0),
        our_run("scale", "grown", 1, **grown, heap_left=110.0),
        our_run("scale", "once", 2, heap_left=100.0),
        *(our_run("cores", "spark 1", n, nodes={"compute_features": 95.0}) for n in (1, 2)),
        *(our_run("cores", "spark 2", n, nodes={"compute_features": 50.0}) for n in (1, 2)),
        *(record("cores", "loop 1", n, seconds=1, loop_seconds=92.0) for n in (1, 2)),
        *(record("cores", "loop 2", n, seconds=1, loop_seconds=46.0) for n in (1, 2)),
        our_run("sizes", "224 float32", 1, **sizes),
        our_run("large", "scaled", 1, nodes={"compute_features": 10.0}, megabytes_each=3.2),
        our_run("large", "full", 1, nodes={"compute_features": 40.0}, megabytes_each=3.2),
        record("large", "cosine", 1, seconds=1, smallest_cosine=0.995, median_cosine=0.999),
    ]
