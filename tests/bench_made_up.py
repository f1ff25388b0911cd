"""Records of a made-up benchmark with simple figures."""

from typing import Any

from bench.parts import GROWTH_ROWS, WAYS

Record = dict[str, Any]

ABOUT = {
    "part": "about",
    "variant": "",
    "round": 0,
    "command": "python -m bench --images /photos",
    "images": "/photos",
    "photographs": 10_000,
    "date": "2026-11-30",
    "commit": "0123456789ab",
    "cores": 2,
    "machine": "a CPU, 2 cores",
}
SECONDS = {"ours": 60.0, "copies": 90.0, "plain": 40.0, "original": 300.0}
STAGES = {"ingestion": 10.0, "featurization": 40.0, "reduction": 5.0, "classification": 3.0}
STAGES |= {"reporting": 2.0, "features": 30.0}
NODES = {"compute_features": 35.0}


def record(part: str, variant: str, number: int = 1, **values: Any) -> Record:
    return {"part": part, "variant": variant, "round": number, **values}


def run(seconds: float, images: int = 10_000) -> Record:
    return {
        "seconds": seconds,
        "memory": {"driver": 500.0, "jvm": 900.0, "worker": 250.0},
        "stages": STAGES,
        "nodes": NODES,
        "images": images,
        "accuracy": 0.99,
    }


def one_round(number: int, slower: float = 1.0) -> list[Record]:
    return [
        record("rounds", f"{folder} {way}", number, **run(SECONDS[way] * slower))
        for folder, ways in WAYS.items()
        for way in ways
    ]


def whole_benchmark() -> list[Record]:
    growth = [
        record(
            "growth",
            str(rows),
            memory={"driver": 1500.0},
            stages={"a_node": rows / 1e4},
            peaks={"a_node": 900.0},
            in_stages=rows / 1e4,
        )
        for rows in GROWTH_ROWS
    ]
    return [
        ABOUT,
        *one_round(1),
        *one_round(2, 1.5),
        *one_round(3, 2.0),
        record("equality", "all", images=10_000, without_features=0, largest_difference=5e-5),
        *growth,
        record("large", "both", scaled=run(30, 200), full=run(90, 200), smallest_cosine=0.996),
    ]
