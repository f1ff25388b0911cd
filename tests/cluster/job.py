"""One job in several places: where its photographs and results are, and whether they are equal."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from cluster.proxy import Traffic
from cluster.s3_server import REGION, Server
from faults.processes import (
    FEATURES,
    Run,
    Runner,
    assert_same_features,
    assert_same_metrics,
    reduced,
    report,
    rows,
)

BUCKET = "fruits"
INFERENCE = "07_model_output/inference_predictions"
CANDIDATES = ("prediction", "second", "third")
PROBABILITIES = ("probability", "second_probability", "third_probability")


@dataclass(frozen=True)
class Place:
    """Photographs and results as a run is told them, and as files.

    Attributes:
        images: Folder or URI of the photographs.
        storage: Folder or URI of the results.
        files: The results on this machine; those of S3 are in the server's folder.
        options: Words of ``kedro run``.
        environment: Variables of the run.
        seconds: How long whole runs took, by their name.
    """

    images: str
    storage: str
    files: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def start(self, runner: Runner, *words: str, **parameters: Any) -> Run:
        """``kedro run`` here."""
        values = {"images": self.images, "storage": self.storage, **parameters}
        told = ",".join(f"{name.replace('__', '.')}={value}" for name, value in values.items())
        run = runner.command(
            "run", f"--params={told}", *self.options, *words, environment=self.environment
        )
        return run

    def complete(self, runner: Runner, *words: str, name: str = "", **parameters: Any) -> Run:
        """A run that must succeed; its seconds are kept under ``name``."""
        started = time.monotonic()
        run = self.start(runner, *words, **parameters)
        assert run.end(900) == 0, run.output
        self.seconds[name] = time.monotonic() - started
        return run

    def photographs(self) -> int:
        """Rows of the feature table."""
        return sum(1 for _ in rows(self.files, FEATURES, "sha256"))


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

    def place(self, images: str, storage: str, *options: str, **environment: str) -> Place:
        """Photographs and results in the bucket."""
        return Place(
            images=f"s3://{BUCKET}/{images}",
            storage=f"s3://{BUCKET}/{storage}",
            files=self.folder / "buckets" / BUCKET / storage,
            options=options,
            environment=self.environment(**environment),
        )

    def environment(self, **others: str) -> dict[str, str]:
        """The standard AWS environment that leads to the proxy."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION, **others}


def assert_same_job(found: Place, expected: Place) -> None:
    """Features bit by bit, components and metrics within 1e-6."""
    assert_same_features(found.files, expected.files)
    here, there = (
        _relative(reduced(found.files), found),
        _relative(reduced(expected.files), expected),
    )
    assert here.keys() == there.keys()
    paths = sorted(there)
    values = [np.array([side[path] for path in paths]) for side in (here, there)]
    np.testing.assert_allclose(*values, rtol=1e-6, atol=1e-6)
    assert_same_metrics(report(found.files, "metrics"), report(expected.files, "metrics"))


def assert_same_inference(found: Place, expected: Place) -> None:
    """The same labels of every photograph, with the same probabilities."""
    columns = ("path", *CANDIDATES, *PROBABILITIES, "reason")
    tables = []
    for place in (found, expected):
        read = {row["path"]: row for row in rows(place.files, INFERENCE, *columns)}
        tables.append(_relative(read, place))
    here, there = tables
    assert here.keys() == there.keys()
    for path, row in there.items():
        for name in (*CANDIDATES, "reason"):
            assert here[path][name] == row[name], path
        for name in PROBABILITIES:
            assert abs(here[path][name] - row[name]) <= 1e-6, path


def _relative(table: dict[str, Any], place: Place) -> dict[str, Any]:
    """By the path below the folder of photographs."""
    return {path.removeprefix(f"{place.images}/"): row for path, row in table.items()}
