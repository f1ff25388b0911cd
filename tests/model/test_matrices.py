"""Rows are placed among the landmarks that are nearest."""

import numpy as np

from fruits_kedro.model.matrices import place_beside

LANDMARKS = np.array([[0.0, 0], [1, 0], [0, 1], [50, 50], [51, 50], [50, 51]])
PLACES = np.array([[0.0, 0], [10, 0], [0, 10], [90, 90], [99, 90], [90, 99]])


def test_a_row_like_a_landmark_lies_on_it():
    np.testing.assert_allclose(place_beside(LANDMARKS, LANDMARKS, PLACES), PLACES, atol=1e-3)


def test_a_row_lies_within_the_nearest_landmarks():
    values = np.array([[0.4, 0.4], [50.4, 50.3]])
    places = place_beside(values, LANDMARKS, PLACES)
    assert (places[0] > 0).all() and (places[0] < 10).all()
    assert (places[1] > 90).all() and (places[1] < 99).all()


def test_no_rows_have_no_places_and_few_landmarks_are_enough():
    assert place_beside(np.zeros((0, 2)), LANDMARKS, PLACES).shape == (0, 2)
    alone = place_beside(np.ones((2, 2)), LANDMARKS[:1], PLACES[:1])
    np.testing.assert_allclose(alone, [[0, 0], [0, 0]])
