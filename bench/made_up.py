"""Makes up a folder of photographs and a storage that knows their bytes and features.

Every file is a hard link to a photograph of the sample, so a million take no room; hashes and
features are random. A run on them does everything but reading and the network.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from bench.parts import SAMPLE
from bench.photographs import list_photographs
from bench.processes import ROOT
from bench.scripts import run_script
from fruits_kedro.model.backbone import backbone_spec
from fruits_kedro.storage.schemas import FEATURES, IMAGES

LABELS = 20
TEST_SHARE = 0.2
N_FEATURES = 1280
SPREAD = 1.0
"""Standard deviation within a label, where labels are as far apart: not every one is recognised."""

SLICE = 50_000
"""Rows written at a time: 256 MB of features."""


def measure(work: Path, rows: int) -> dict[str, Any]:
    """Write ``rows`` photographs into ``work/images`` and tables into ``work/storage``."""
    write_files(work / "images", rows)
    catalog = open_catalog(work)
    files = catalog.load("raw_images").files
    fingerprint = backbone_spec(catalog.load("params:featurization")).fingerprint
    generator = np.random.default_rng(0)
    centres = generator.standard_normal((LABELS, N_FEATURES), np.float32)
    for start in range(0, rows, SLICE):
        piece = files.slice(start, SLICE)
        paths = piece["path"].to_pylist()
        hashes = [hashlib.sha256(path.encode()).hexdigest() for path in paths]
        catalog.save("images", _images(piece, hashes))
        labels = [int(Path(path).parent.name.rpartition(" ")[2]) for path in paths]
        noise = generator.standard_normal((len(paths), N_FEATURES), np.float32)
        values = np.abs(centres[labels] + SPREAD * noise).astype(np.float32)
        catalog.save("features", _features(hashes, fingerprint, values))
    return {"images": rows}


def open_catalog(work: Path) -> Any:
    """The project's catalog on the storage of ``work``."""
    bootstrap_project(ROOT)
    with KedroSession.create(ROOT, runtime_params=parameters(work)) as session:
        return session.load_context().catalog  # type: ignore[attr-defined]


def parameters(work: Path) -> dict[str, Any]:
    """Of a run on ``work``: without copies, whose features would have to be computed."""
    places = {name: str(work / name) for name in ("images", "storage")}
    return {**places, "augmentation": {"copies": 0}, "tracking": "off"}


def write_files(folder: Path, rows: int) -> None:
    """Photographs below ``Training`` and ``Test``, in folders ``Fruit 0`` and so on."""
    sources = list_photographs(SAMPLE)
    for label in range(LABELS):
        count = rows // LABELS
        for split, share in (("Training", 1 - TEST_SHARE), ("Test", TEST_SHARE)):
            place = folder / split / f"Fruit {label}"
            place.mkdir(parents=True)
            # File systems limit the links of a file, so each folder has a source of its own.
            source = shutil.copy(sources[label], folder.parent / f"{split}-{label}.jpg")
            for number in range(round(count * share)):
                os.link(source, place / f"r{number // 1000}_{number % 1000}.jpg")


def _images(files: pa.Table, hashes: list[str]) -> pa.Table:
    content = list_photographs(SAMPLE)[0].read_bytes()
    count = files.num_rows
    fixed = {"width": 100, "height": 100, "format": "JPEG", "bytes": content, "reason": None}
    columns = {name: files[name] for name in ("path", "size", "modified")} | {
        "sha256": pa.array(hashes),
        **{
            name: pa.array([value] * count, IMAGES.field(name).type)
            for name, value in fixed.items()
        },
    }
    return pa.table([columns[name] for name in IMAGES.names], schema=IMAGES)


def _features(hashes: list[str], fingerprint: str, values: Any) -> pa.Table:
    count = len(hashes)
    ends = np.arange(0, values.size + 1, values.shape[1], dtype=np.int32)
    columns = {
        "sha256": pa.array(hashes),
        "fingerprint": pa.array([fingerprint] * count),
        "variant": pa.array(np.zeros(count, np.int32)),
        "features": pa.ListArray.from_arrays(pa.array(ends), pa.array(values.reshape(-1))),
        "reason": pa.nulls(count, pa.string()),
    }
    return pa.table([columns[name] for name in FEATURES.names], schema=FEATURES)


if __name__ == "__main__":
    run_script(__doc__, measure, work=Path, rows=int)
