"""Nearest rows by cosine, held to a plain computation."""

import numpy as np
import pytest

from fruits_kedro.pipelines.reporting.report import neighbours
from fruits_kedro.pipelines.reporting.report.neighbours import find_neighbours, unit_vectors

RNG = np.random.default_rng(3)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(neighbours, "_BLOCK", 7)


@pytest.mark.parametrize("rows", [40, 320, 331])
def test_the_nearest_are_those_of_a_plain_computation(small_blocks, rows):
    vectors = unit_vectors(RNG.normal(size=(rows, 5)).astype(np.float32))
    found = find_neighbours(vectors, references=25, k=4)
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -2)
    np.testing.assert_array_equal(found.nearest, np.argsort(-alike, axis=1)[:, :4])
    np.testing.assert_array_equal(found.twin, alike[:, :25].argmax(axis=1))
    np.testing.assert_allclose(found.twin_similarity, alike[:, :25].max(axis=1), rtol=1e-6)


@pytest.mark.parametrize(("rows", "references"), [(1, 0), (1, 1), (2, 0), (3, 1)])
def test_few_rows_have_few_neighbours_and_perhaps_no_twin(rows, references):
    vectors = unit_vectors(np.ones((rows, 3), np.float32))
    found = find_neighbours(vectors, references, k=10)
    assert found.nearest.shape == (rows, rows - 1)
    others = [set(range(references)) - {row} for row in range(rows)]
    assert [twin == -1 for twin in found.twin] == [not known for known in others]


def test_a_row_of_zeros_is_like_nothing():
    vectors = unit_vectors(np.array([[0, 0], [3, 4]], np.float32))
    np.testing.assert_allclose(vectors, [[0, 0], [0.6, 0.8]], rtol=1e-6)
    assert find_neighbours(vectors, 1, 1).twin_similarity[1] == 0
