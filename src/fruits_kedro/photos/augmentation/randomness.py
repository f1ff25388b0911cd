"""Draws that depend on what is drawn for, and on nothing else."""

import hashlib

import numpy as np

Random = np.random.Generator


def random_of(*names: object) -> Random:
    """A generator that the same names always give, in any process and any order.

    Args:
        names: What the draws are for, such as sha256, variant and seed.
    """
    digest = hashlib.sha256(" ".join(map(str, names)).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, "<u4"))


def log_uniform(random: Random, low: float, high: float) -> float:
    """Between two sizes, half of the draws on either side of their geometric mean."""
    return float(np.exp(random.uniform(np.log(low), np.log(high))))
