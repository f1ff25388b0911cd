"""One file for a phone gives what backbone, reducer and classifier give one after the other."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from phone_models import LABELS, make_classifier, make_reducer

from fruits_kedro.model.classifier import Classifier, LinearClassifier
from fruits_kedro.model.classifiers import random_forest
from fruits_kedro.model.confidence import Calibration
from fruits_kedro.model.engine import Engine
from fruits_kedro.model.phone import Card, NoPhoneModel, PhoneModel, fold
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.photos.decoding import decode


@pytest.fixture(scope="module")
def pixels(sample) -> list[np.ndarray]:
    """A few photographs, and what no photograph shows."""
    photographs = sorted((sample / "Test").glob("*/*.jpg"))[::60]
    shown = [decode(path.read_bytes(), 224) for path in photographs]
    return [*shown, np.zeros((224, 224, 3), np.uint8), np.full((224, 224, 3), 255, np.uint8)]


@pytest.fixture(scope="module")
def features(backbone, pixels) -> np.ndarray:
    engine = Engine(backbone.model)
    return np.stack([engine(image) for image in pixels])


@pytest.fixture(scope="module", params=[True, False], ids=["unit length", "standard"])
def reducer(request, backbone, features) -> Reducer:
    return make_reducer(backbone, features, request.param)


@pytest.fixture(scope="module")
def folded(backbone, reducer) -> PhoneModel:
    model = fold(backbone, reducer, make_classifier(reducer))
    assert isinstance(model, PhoneModel)
    return model


def test_the_file_gives_the_probabilities_and_the_outlier_score_of_its_parts(
    reducer, folded, pixels, features
):
    classifier, components = make_classifier(reducer), reducer.transform(features)
    expected = classifier.probabilities(components)
    assert np.ptp(expected, axis=0).max() > 0.1
    engine = Engine(folded.content)
    found = np.stack([engine(image) for image in pixels])
    np.testing.assert_allclose(found[:, : len(LABELS)], expected, atol=1e-5)
    scores = classifier.calibration.outliers.scores(classifier.logits(components))
    np.testing.assert_allclose(found[:, -1], scores, rtol=1e-3)


def test_a_classifier_that_is_not_calibrated_has_no_outlier_score(backbone, reducer, pixels):
    plain = replace(make_classifier(reducer), calibration=Calibration())
    model = fold(backbone, reducer, plain)
    assert isinstance(model, PhoneModel)
    assert (model.card.sure_from, model.card.outlier_beyond) == (None, None)
    probabilities = Engine(model.content)(pixels[0])
    assert len(probabilities) == len(LABELS)
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_the_file_says_what_it_is(backbone, reducer, folded):
    with zipfile.ZipFile(io.BytesIO(folded.content)) as archive:
        assert Card.from_json(json.loads(archive.read("fruits.json"))) == folded.card
        assert archive.read("labels.txt").decode().split("\n") == [*LABELS, ""]
    card = folded.card
    assert (card.fingerprint, card.reducer_id) == (backbone.fingerprint, reducer.id)
    assert (card.image_size, card.precision, card.labels) == (224, "float32", LABELS)
    assert (card.sure_from, card.outlier_beyond) == (0.6, 2.5)
    assert "bicubic" in card.preprocessing
    assert card.calibration.for_studio_only


def test_equal_parts_make_equal_bytes_of_little_more_than_the_backbone(backbone, reducer, folded):
    assert fold(backbone, reducer, make_classifier(reducer)) == folded
    head = 4 * 1280 * (len(LABELS) + 1)  # and a few numbers per pair of labels
    assert len(folded.content) < len(backbone.model) + head + 4000
    assert len(folded.content) < 9.5e6


def test_a_classifier_that_is_no_sum_of_products_has_no_file(backbone, reducer):
    answer = fold(backbone, reducer, Classifier(LABELS, reducer.id))
    assert isinstance(answer, NoPhoneModel)
    assert not issubclass(random_forest.CLASS, LinearClassifier)


def test_parts_that_do_not_belong_together_have_no_file(backbone, reducer):
    changes = ({"mean": reducer.mean + 1}, reducer.id), ({"fingerprint": "0"}, backbone.fingerprint)
    for changed, named in changes:
        answer = fold(backbone, replace(reducer, **changed), make_classifier(reducer))
        assert isinstance(answer, NoPhoneModel)
        assert named in answer.reason
