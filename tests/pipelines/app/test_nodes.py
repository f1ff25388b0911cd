"""The files that ``build_app`` makes."""

import hashlib
import json
import re
from dataclasses import replace

import pytest
import yaml
from runs import ROOT

from fruits_kedro.model.phone import Card, NoPhoneModel, PhoneModel
from fruits_kedro.parameters import AppParameters
from fruits_kedro.parameters.facts import FactBook, fact_problems
from fruits_kedro.pipelines.app.nodes import build_app

PARAMETERS = AppParameters(candidates=3, candidate_floor=0.1)
CARD = Card(("Apple", "fig"), 224, True, "words", "float32", "f", "r", "c", 0.5, 30.0, ("studio",))
MODEL = PhoneModel(b"a model", CARD)
METRICS = {
    "accuracy": 0.9,
    "split": "folder",
    "rows": {"test": 10},
    "calibration": {"test": {"sure": 0.8, "right_if_sure": 0.95}},
}


@pytest.fixture(scope="module")
def shipped() -> dict:
    conf = ROOT / "conf" / "base"
    files = [yaml.safe_load(path.read_text()) for path in sorted(conf.glob("fruits*.yml"))]
    return {key: value for file in files for key, value in file.items()}


@pytest.fixture(scope="module")
def book(shipped) -> FactBook:
    return FactBook.model_validate(shipped)


@pytest.fixture(scope="module")
def files(book) -> dict[str, bytes]:
    return build_app(MODEL, book, METRICS, {}, PARAMETERS)


def about(files: dict[str, bytes]) -> dict:
    return json.loads(files["app.json"])


def test_every_file_is_listed_with_its_hash_and_equal_inputs_make_equal_bytes(book, files):
    assert build_app(MODEL, book, METRICS, {}, PARAMETERS) == files
    listed = json.loads(re.search(r"const FILES = (\{.*?\});", files["sw.js"].decode())[1])
    assert listed == {
        path: [hashlib.sha256(content).hexdigest(), len(content)]
        for path, content in files.items()
        if path != "sw.js"
    }
    hashes = about(files)["sha256"]
    assert hashes == {path: sha for path, (sha, _) in listed.items() if path != "app.json"}


def test_the_page_is_told_the_card_the_accuracy_and_the_facts_of_its_labels(files):
    told = about(files)
    assert told["card"]["labels"] == ["Apple", "fig"]
    assert told["model"]["sha256"] == MODEL.sha256
    assert (told["accuracy"]["split"], told["accuracy"]["right_if_sure"]) == ("folder", 0.95)
    assert set(told["facts"]) == {"Apple"}
    assert told["translations"]["fr"]["Apple"]["common_name"] == "Pomme"
    assert told["calibrated_for"] == "studio"
    used = {source for _, source in told["facts"]["Apple"].values()}
    assert used == set(told["sources"])


def test_without_a_model_there_is_no_runtime_and_every_fact(book):
    files = build_app(NoPhoneModel("why"), book, {}, {}, PARAMETERS)
    told = about(files)
    assert (told["reason"], told["accuracy"]) == ("why", None)
    assert set(told["facts"]) == set(book.fruits)
    assert not [path for path in files if path.startswith("runtime/") or path.endswith(".tflite")]


def test_metrics_without_calibration_are_no_error(book):
    card = replace(CARD, sure_from=None, outlier_beyond=None)
    metrics = {key: METRICS[key] for key in ("accuracy", "split", "rows")}
    told = about(build_app(replace(MODEL, card=card), book, metrics, {}, PARAMETERS))
    assert told["accuracy"]["right_if_sure"] is None


def test_french_facts_are_of_known_labels_and_complete(shipped, book):
    assert fact_problems(shipped) == []
    assert book.translations["fr"].keys() == book.fruits.keys()
