"""The app: a page, the model and its runtime in one folder that any static host serves."""

import hashlib
import json
from dataclasses import asdict
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from fruits_kedro.model.phone import NoPhoneModel, PhoneModel
from fruits_kedro.parameters import AppParameters
from fruits_kedro.parameters.facts import FactBook

MODEL = "fruits.tflite"
WORKER = "sw.js"
_WORKER_FILES = "{/* path: [sha256, bytes], written by build_app */}"


def build_app(
    phone_model: PhoneModel | NoPhoneModel,
    fruit_facts: FactBook,
    metrics: dict[str, Any],
    calibration: dict[str, Any],
    parameters: AppParameters,
) -> dict[str, bytes]:
    """Make the files of the app.

    Returns content by path, equal bytes for equal inputs. Without a model the page says why and
    shows facts only. ``metrics`` is empty without a classifier.
    """
    page = _page_files(files("fruits_kedro.pipelines.app") / "page")
    if isinstance(phone_model, PhoneModel):
        page[MODEL] = phone_model.content
    else:
        page = {path: page[path] for path in page if not path.startswith("runtime/")}
    worker = page.pop(WORKER).decode()
    about = {
        **_about_model(phone_model),
        **_about_facts(phone_model, fruit_facts),
        "accuracy": _accuracy(metrics, calibration),
        "candidates": parameters.candidates,
        "candidate_floor": parameters.candidate_floor,
        "sha256": {path: _sha256(page[path]) for path in sorted(page)},
    }
    page["app.json"] = json.dumps(about, indent=1, ensure_ascii=False, allow_nan=False).encode()
    listed = {path: [_sha256(page[path]), len(page[path])] for path in sorted(page)}
    page[WORKER] = worker.replace(_WORKER_FILES, json.dumps(listed)).encode()
    return dict(sorted(page.items()))


def _page_files(folder: Traversable, prefix: str = "") -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            found |= _page_files(entry, f"{prefix}{entry.name}/")
        elif not entry.name.startswith("."):
            found[prefix + entry.name] = entry.read_bytes()
    return found


def _about_model(model: PhoneModel | NoPhoneModel) -> dict[str, Any]:
    if isinstance(model, NoPhoneModel):
        return {"model": None, "card": None, "reason": model.reason, "calibrated_for": None}
    return {
        "model": {"file": MODEL, "sha256": model.sha256, "bytes": len(model.content)},
        "card": asdict(model.card),
        "reason": None,
        "calibrated_for": "studio" if model.card.calibration.for_studio_only else None,
    }


def _about_facts(model: PhoneModel | NoPhoneModel, book: FactBook) -> dict[str, Any]:
    """The facts of the labels that the model names; all facts if there is no model."""
    wanted = set(model.card.labels) if isinstance(model, PhoneModel) else set(book.fruits)
    pairs = {n: facts.model_dump() for n, facts in book.fruits.items() if n in wanted}
    named = {source for facts in pairs.values() for _, source in facts.values()}
    translations = {
        language: {label: by_label[label] for label in by_label if label in wanted}
        for language, by_label in book.translations.items()
    }
    sources = {name: text for name, text in book.sources.items() if name in named}
    return {"facts": pairs, "translations": translations, "sources": sources}


def _accuracy(metrics: dict[str, Any], calibration: dict[str, Any]) -> dict[str, Any] | None:
    """Accuracy on test photographs, with its split."""
    if not metrics:
        return None
    test = metrics.get("calibration", {}).get("test", {})
    return {
        "split": metrics["split"],
        "rows": metrics["rows"]["test"],
        "accuracy": metrics["accuracy"],
        "sure": test.get("sure"),
        "right_if_sure": test.get("right_if_sure"),
        "held_out_by": calibration.get("held_out", {}).get("by"),
    }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
