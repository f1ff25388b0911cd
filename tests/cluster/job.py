"""One job in several places: where its photographs and results are, and whether they are equal."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cluster.proxy import Traffic
from cluster.s3_server import REGION, Server
from faults.processes import Run, Runner
from faults.storages import (
    INFERENCE,
    PHOTOGRAPHS,
    PREDICTIONS,
    REDUCED,
    assert_tidy,
    features,
    leaves,
    report,
    rows,
)

BUCKET = "fruits"
TABLES = {
    PHOTOGRAPHS: ("path", "label", "split", "sha256", "status"),
    REDUCED: ("path", "label", "split", "sha256", "variant"),
    PREDICTIONS: ("path", "prediction", "second", "third", "sure"),
    INFERENCE: ("path", "prediction", "second", "third", "reason"),
}
"""Tables of a job, with the columns that have to be equal in every place."""
PIPELINES = ("__default__", "inference")
SLICES = {"featurization__slice_images": 25, "ingestion__slice_files": 50}
KEY = ("sha256", "variant")


@dataclass(frozen=True)
class Place:
    """Photographs and results as a run is given them, and as files.

    Attributes:
        images: Folder or URI of the photographs.
        storage: Folder or URI of the results.
        files: The results on this machine; those of S3 are in the server's folder.
        words: Further words of ``kedro run``.
        environment: Variables of the run.
    """

    images: str
    storage: str
    files: Path
    words: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, runner: Runner, *pipelines: str, **parameters: Any) -> Run:
        """``kedro run`` of the small job here, with inference unless pipelines are named."""
        return runner.start(
            self.storage,
            *(pipelines or PIPELINES),
            words=self.words,
            environment=self.environment,
            images=self.images,
            **{**SLICES, **parameters},
        )

    def complete(self, runner: Runner, *pipelines: str) -> None:
        """A run that must succeed."""
        run = self.start(runner, *pipelines)
        assert run.end() == 0, run.output

    def rows(self, name: str, columns: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
        """Rows of some columns, with paths below the folder of photographs."""
        found = (row.values() for row in rows(self.files, name, *columns))
        return Counter(tuple(map(self._below, values)) for values in found)

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
        client = self.server.client()
        for path in (path for path in folder.rglob("*") if path.is_file()):
            client.upload_file(str(path), BUCKET, f"{prefix}/{path.relative_to(folder)}")

    def place(self, storage: str, *words: str, **environment: str) -> Place:
        """The photographs, and results below a prefix of the bucket."""
        return Place(
            images=f"s3://{BUCKET}/photos",
            storage=f"s3://{BUCKET}/{storage}",
            files=self.folder / "buckets" / BUCKET / storage,
            words=words,
            environment=self.environment(**environment),
        )

    def environment(self, **others: str) -> dict[str, str]:
        """The standard AWS environment that leads to the proxy."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION, **others}


def assert_same_job(found: Place, expected: Place) -> None:
    """Rows equal, features bit by bit, components and metrics within 1e-6; nothing else."""
    for table, columns in TABLES.items():
        assert found.rows(table, columns) == expected.rows(table, columns), table
    assert features(found.files) == features(expected.files)
    both = [
        sorted(tuple(row.values()) for row in rows(place.files, REDUCED, *KEY, "components"))
        for place in (found, expected)
    ]
    components = (np.array([row[-1] for row in place]) for place in both)
    np.testing.assert_allclose(*components, rtol=1e-6, atol=1e-6)
    metrics, near = (leaves(report(place.files, "metrics")) for place in (found, expected))
    assert metrics == pytest.approx(near, abs=1e-6)
    assert_tidy(found.files)
