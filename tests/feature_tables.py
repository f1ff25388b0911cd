"""Made-up features, and hashes to tell their rows apart."""

import hashlib

import numpy as np

CONSTANT = 5
CALIBRATION = {
    "rows": 1000,
    "minimum": 20,
    "held_out_share": 0.25,
    "precision": 0.95,
    "known_share": 0.95,
}
"""Parameters of ``classification.calibration`` for few rows."""


def make_features(rows: int, seed: int = 0) -> np.ndarray:
    """Correlated features of scales from 1e-3 to 1e3, one of them constant."""
    random = np.random.default_rng(seed)
    scales = np.logspace(-3, 3, 24)
    mixed = random.normal(size=(rows, 24)) @ random.normal(size=(24, 24))
    features = (mixed + random.normal(size=24)) * scales
    features[:, CONSTANT] = 3.7
    return features.astype(np.float32)


def names(rows: int) -> list[str]:
    return [hashlib.sha256(str(i).encode()).hexdigest() for i in range(rows)]
