"""One job in several places: where its photographs and results are, and whether they are equal."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as pads
from cluster.proxy import Traffic
from cluster.s3_server import REGION, Server
from faults.processes import Run, Runner

BUCKET = "fruits"
FEATURES = "04_feature/features"
REDUCED = "05_model_input/reduced_features"
TABLES = {
    "02_intermediate/photographs": ("path", "label", "split", "sha256", "status"),
    FEATURES: ("sha256", "variant", "reason"),
    REDUCED: ("path", "label", "split", "sha256", "variant"),
    "07_model_output/predictions": ("path", "prediction", "second", "third", "sure"),
    "07_model_output/inference_predictions": ("path", "prediction", "second", "third", "reason"),
}
"""Tables of a job, with the columns that have to be equal in every place."""
SMALL = {
    "featurization__slice_images": 25,
    "ingestion__slice_files": 50,
    "reduction__k": 20,
    "reduction__map__points": 50,
    "classification__logistic_regression__max_iter": 20,
}
"""Parameters of a job in a minute, in several slices."""


@dataclass(frozen=True)
class Place:
    """Photographs and results as a run is given them, and as files.

    Attributes:
        images: Folder or URI of the photographs.
        storage: Folder or URI of the results.
        files: The results on this machine; those of S3 are in the server's folder.
        options: Words of ``kedro run``.
        environment: Variables of the run.
    """

    images: str
    storage: str
    files: Path
    options: tuple[str, ...] = ("--pipelines=__default__,inference",)
    environment: dict[str, str] = field(default_factory=dict)

    def parameters(self, **others: Any) -> str:
        """``--params`` of the small job here."""
        values = {"images": self.images, "storage": self.storage, **SMALL, **others}
        named = (f"{name.replace('__', '.')}={value}" for name, value in values.items())
        return f"--params={','.join(named)}"

    def start(self, runner: Runner, *words: str, **parameters: Any) -> Run:
        """``kedro run`` of the small job here."""
        options = words or self.options
        return runner.command(
            "run", self.parameters(**parameters), *options, environment=self.environment
        )

    def complete(self, runner: Runner, *words: str, **parameters: Any) -> float:
        """A run that must succeed; returns its seconds."""
        started = time.monotonic()
        run = self.start(runner, *words, **parameters)
        assert run.end(900) == 0, run.output
        return time.monotonic() - started

    def committed(self, table: str) -> int:
        """Rows of a table that its manifest names; 0 before the first commit."""
        parent, name = (self.files / table).parent, Path(table).name
        try:
            return int(json.loads((parent / f".{name}.manifest.json").read_text())["rows"])
        except FileNotFoundError:
            return 0

    def table(self, name: str) -> pa.Table:
        """Every row of a table's folder, as any tool reads it."""
        return pads.dataset(self.files / name, format="parquet").to_table()

    def rows(self, name: str, columns: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
        """Rows of some columns, with paths below the folder of photographs."""
        table = self.table(name).select(list(columns))
        return Counter(
            tuple(self._below(row[column]) for column in columns) for row in table.to_pylist()
        )

    def vectors(self, name: str, column: str) -> dict[tuple[str, int], np.ndarray]:
        """A column of vectors by sha256 and variant."""
        return {
            (row["sha256"], row["variant"]): np.array(row[column], np.float32)
            for row in self.table(name).select(["sha256", "variant", column]).to_pylist()
            if row[column] is not None
        }

    def metrics(self) -> Any:
        """The report of the classifier."""
        return json.loads((self.files / "08_reporting" / "metrics.json").read_text())

    def _below(self, value: Any) -> Any:
        return value.removeprefix(f"{self.images}/") if isinstance(value, str) else value


@dataclass(frozen=True)
class Cloud:
    """The S3 server with its proxy.

    Attributes:
        server: Behind the proxy.
        folder: The server's: a bucket is a folder, an object a file.
        url: The proxy's.
        traffic: What passes the proxy.
    """

    server: Server
    folder: Path
    url: str
    traffic: Traffic

    def upload(self, folder: Path, prefix: str) -> None:
        """Every file of a folder, below a prefix."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        client = self.server.client()

        def put(path: Path) -> None:
            key = f"{prefix}/{path.relative_to(folder)}"
            client.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(put, files))

    def place(self, storage: str, *options: str, **environment: str) -> Place:
        """The photographs, and results below a prefix of the bucket."""
        return Place(
            images=f"s3://{BUCKET}/photos",
            storage=f"s3://{BUCKET}/{storage}",
            files=self.folder / "buckets" / BUCKET / storage,
            options=("--pipelines=__default__,inference", *options),
            environment=self.environment(**environment),
        )

    def environment(self, **others: str) -> dict[str, str]:
        """The standard AWS environment that leads to the proxy."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION, **others}


def assert_same_job(found: Place, expected: Place) -> None:
    """Rows equal, features bit by bit, components and metrics within 1e-6."""
    for table, columns in TABLES.items():
        assert found.rows(table, columns) == expected.rows(table, columns), table
    here, there = found.vectors(FEATURES, "features"), expected.vectors(FEATURES, "features")
    assert here.keys() == there.keys()
    assert not [key for key in there if here[key].tobytes() != there[key].tobytes()]
    here, there = found.vectors(REDUCED, "components"), expected.vectors(REDUCED, "components")
    keys = sorted(there)
    values = [np.array([side[key] for key in keys]) for side in (here, there)]
    np.testing.assert_allclose(*values, rtol=1e-6, atol=1e-6)
    assert_close(found.metrics(), expected.metrics())


def assert_close(found: Any, expected: Any, name: str = "metrics") -> None:
    """Equal, numbers within 1e-6, but for how much work this run did itself."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), name
        for key in expected.keys() - {"photographs_read", "inferences"}:
            assert_close(found[key], expected[key], f"{name}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), name
        for number, value in enumerate(expected):
            assert_close(found[number], value, f"{name}[{number}]")
    elif isinstance(expected, float):
        assert abs(found - expected) <= 1e-6, name
    else:
        assert found == expected, name


def leftovers(place: Place) -> list[str]:
    """Data files that no manifest names, and unfinished files."""
    found = [path for path in place.files.rglob(".*.tmp") if path.is_file()]
    for manifest in place.files.rglob(".*.manifest.json"):
        folder = manifest.parent / manifest.name.removeprefix(".").removesuffix(".manifest.json")
        named = {file["name"] for file in json.loads(manifest.read_text())["files"]}
        found += [path for path in folder.iterdir() if path.name not in named]
    return sorted(str(path.relative_to(place.files)) for path in found)
