"""What is in a storage after a run, read as any tool would read it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

IMAGES, PHOTOGRAPHS = "02_intermediate/images", "02_intermediate/photographs"
FEATURES, VARIANTS = "04_feature/features", "05_model_input/variants"
REDUCED, PREDICTIONS = "05_model_input/reduced_features", "07_model_output/predictions"
REPLACED = (PHOTOGRAPHS, VARIANTS, REDUCED, PREDICTIONS)
INFERENCE = "07_model_output/inference_predictions"
TABLES = (IMAGES, FEATURES, *REPLACED, INFERENCE)
TABLES += ("08_reporting/map_points", "08_reporting/data_quality")
MODELS = ("06_models/backbone", "06_models/reducer", "06_models/classifier")
EFFORT = ("read", "inferred", "inferred_copies", "photographs_read", "inferences")
"""Counts of what one run did, which a run that resumes does less of."""


def manifest_of(storage: Path, name: str) -> Path:
    """The manifest of a table or an artefact."""
    folder = storage / name
    return folder.with_name(f".{folder.name}.manifest.json")


def committed(storage: Path, name: str) -> list[Path]:
    """Files that the manifest of a table or an artefact names; none where there is none."""
    path = manifest_of(storage, name)
    files = json.loads(path.read_text())["files"] if path.exists() else []
    return [storage / name / file["name"] for file in files]


def rows(storage: Path, name: str, *columns: str) -> list[dict[str, Any]]:
    """Rows of the committed version of a table."""
    files, wanted = committed(storage, name), list(columns) or None
    return [row for file in files for row in pq.read_table(file, columns=wanted).to_pylist()]


def features(storage: Path) -> dict[tuple[str, str, int], bytes | str]:
    """The bytes of the features, or the reason why none, by sha256, fingerprint and variant."""
    found: dict[tuple[str, str, int], bytes | str] = {}
    for row in rows(storage, FEATURES, "sha256", "fingerprint", "variant", "features", "reason"):
        *key, vector, reason = row.values()
        assert tuple(key) not in found, "the same features twice"
        found[tuple(key)] = reason if vector is None else np.array(vector, "f4").tobytes()
    return found


def of_photographs(storage: Path) -> dict[str, bytes | str]:
    """The features of photographs without their copies, by sha256."""
    return {sha: value for (sha, _, variant), value in features(storage).items() if not variant}


def report(storage: Path, name: str) -> Any:
    """A JSON file of 08_reporting."""
    return json.loads((storage / "08_reporting" / f"{name}.json").read_text())


def effort(storage: Path) -> tuple[int, int, int]:
    """Files read, photographs and copies that went through the network in the last run."""
    done = report(storage, "featurization")
    return report(storage, "ingestion")["read"], done["inferred"], done["inferred_copies"]


def leftovers(storage: Path) -> list[str]:
    """Files of tables and artefacts that no manifest names, missing ones, and unfinished ones."""
    found = {path for path in storage.rglob(".*.tmp") if path.is_file()}
    for name in (*TABLES, *MODELS):
        if (storage / name).exists():
            found |= set((storage / name).iterdir()) ^ set(committed(storage, name))
    return sorted(str(path.relative_to(storage)) for path in found)


def results(storage: Path) -> dict[str, Any]:
    """Everything that a run makes and that must be equal in every run on the same photographs."""
    found: dict[str, Any] = {"features": features(storage)}
    for name in REPLACED:
        for row in rows(storage, name):
            key = (name, row.get("path", row["sha256"]), row.get("variant"))
            assert key not in found, "a row is there twice"
            found[key] = row
    for name in ("06_models/reducer", "06_models/classifier"):
        # Their names end in the sha256 of what is in them.
        found[name] = [file.name for file in committed(storage, name)]
    found["phone"] = (storage / "06_models" / "fruits.tflite").read_bytes()
    for name in ("ingestion", "featurization", "metrics"):
        found[name] = leaves(report(storage, name))
    return found


def assert_same_results(storage: Path, reference: Path) -> None:
    """Equal features, components, models, predictions and metrics, to the bit; nothing else."""
    found, expected = results(storage), results(reference)
    differing = [k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k)]
    assert differing == []
    assert_tidy(storage)


def assert_tidy(storage: Path) -> None:
    """Any tool that reads a table's folder gets the committed rows, each once."""
    assert leftovers(storage) == []
    for name in TABLES:
        if files := committed(storage, name):
            expected = sum(pq.read_metadata(file).num_rows for file in files)
            assert len(pd.read_parquet(storage / name)) == expected, name


def leaves(tree: Any) -> dict[tuple[Any, ...], Any]:
    """Every value of a JSON document by the keys that lead to it, without ``EFFORT``."""
    if not isinstance(tree, dict | list):
        return {(): tree}
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree)
    inner = ((key, leaves(part)) for key, part in parts if key not in EFFORT)
    return {(key, *path): value for key, found in inner for path, value in found.items()}
