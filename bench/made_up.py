"""Makes up a folder of photographs and a storage that knows their bytes and features.

Every file is a hard link to a photograph of the sample; hashes and features are random. A run on
them does everything but reading and the network.
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

from bench.scripts import ROOT, SAMPLE, list_photographs, run_script
from fruits_kedro.model.backbone import BackboneSpec
from fruits_kedro.storage.schemas import FEATURES, IMAGES

LABELS = 20
SHARES = {"Training": 0.8, "Test": 0.2}
N_FEATURES = 1280
SPREAD = 1.0
"""Standard deviation within a label, as large as between labels."""

SLICE = 50_000
"""Rows written at a time: 256 MB of features."""


def measure(work: Path, rows: int) -> dict[str, Any]:
    """Write ``rows`` photographs into ``work/images`` and their tables into ``work/storage``."""
    write_files(work / "images", rows)
    catalog = open_catalog(work)
    files = catalog.load("raw_images").files
    fingerprint = BackboneSpec.of(catalog.load("params:featurization")).fingerprint
    content = list_photographs(SAMPLE)[0].read_bytes()
    generator = np.random.default_rng(0)
    centres = generator.standard_normal((LABELS, N_FEATURES), np.float32)
    for start in range(0, rows, SLICE):
        piece = files.slice(start, SLICE).combine_chunks()
        paths = piece["path"].to_pylist()
        known = {name: piece[name] for name in ("path", "size", "modified")}
        known["sha256"] = [hashlib.sha256(path.encode()).hexdigest() for path in paths]
        header = {"width": 100, "height": 100, "format": "JPEG", "bytes": content}
        catalog.save("images", _table(IMAGES, len(paths), known | header))
        labels = [int(Path(path).parent.name) for path in paths]
        values = generator.standard_normal((len(paths), N_FEATURES), np.float32)
        values = np.abs(centres[labels] + values * np.float32(SPREAD)).reshape(-1)
        features = pa.FixedSizeListArray.from_arrays(pa.array(values), N_FEATURES)
        known |= {"fingerprint": fingerprint, "variant": 0, "features": features, "studio": True}
        catalog.save("features", _table(FEATURES, len(paths), known))
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
    """Photographs of ``LABELS`` labels below ``Training`` and ``Test``."""
    for label, photograph in enumerate(list_photographs(SAMPLE)[:LABELS]):
        for split, share in SHARES.items():
            place = folder / split / str(label)
            place.mkdir(parents=True)
            # File systems limit the links of a file, so each folder links its own.
            source = shutil.copy(photograph, folder.parent / f"{split}-{label}.jpg")
            for number in range(round(rows * share / LABELS)):
                os.link(source, place / f"r{number // 1000}_{number % 1000}.jpg")


def _table(schema: pa.Schema, rows: int, columns: dict[str, Any]) -> pa.Table:
    """Columns by name; one value stands for all rows, a missing column is null."""
    values = {name: columns.get(name) for name in schema.names}
    is_full = (list, pa.Array, pa.ChunkedArray)
    full = {n: v if isinstance(v, is_full) else [v] * rows for n, v in values.items()}
    arrays = {
        n: pa.array(v, schema.field(n).type) if isinstance(v, list) else v for n, v in full.items()
    }
    return pa.table(arrays).cast(schema)


if __name__ == "__main__":
    run_script(__doc__, measure, work=Path, rows=int)
