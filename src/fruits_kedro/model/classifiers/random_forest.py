"""Random forest: fitted by scikit-learn, stored and applied as plain arrays.

Reading a pickled forest could run code; reading arrays cannot. Workers need no scikit-learn.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.classifier import Classifier
from fruits_kedro.model.matrices import Matrix, Targets
from fruits_kedro.parameters import ClassificationParameters

_NO_CHILD = -1


@dataclass(frozen=True)
class RandomForest(Classifier):
    """The nodes of all trees, one after the other; a leaf is its own child."""

    roots: npt.NDArray[np.int32]  # (trees,), the first node of each tree
    left: npt.NDArray[np.int32]  # (nodes,), the child of each node
    right: npt.NDArray[np.int32]  # (nodes,)
    component: npt.NDArray[np.int32]  # (nodes,), the component that is compared; 0 in a leaf
    threshold: Matrix  # (nodes,); rows up to this value go left
    shares: Matrix  # (nodes, labels), share of each label among the train rows of a node

    def probabilities(self, components: npt.NDArray[np.floating]) -> Matrix:
        """``(n, labels)`` float64, the mean of the shares in the leaves of a row."""
        values = components.astype(np.float32)  # as scikit-learn compares them
        rows = np.arange(len(values))
        total = np.zeros((len(values), len(self.labels)))
        for root in self.roots:
            node = np.full(len(values), root)
            while (self.left[node] != node).any():
                goes_left = values[rows, self.component[node]] <= self.threshold[node]
                node = np.where(goes_left, self.left[node], self.right[node])
            total += self.shares[node]
        return total / len(self.roots)


CLASS = RandomForest


def fit(
    components: npt.NDArray[np.floating],
    targets: Targets,
    labels: tuple[str, ...],
    reducer_id: str,
    parameters: ClassificationParameters,
    weights: Matrix | None = None,
) -> RandomForest:
    """Fit a random forest with scikit-learn and take its trees over as arrays."""
    from sklearn.ensemble import RandomForestClassifier

    settings = parameters.random_forest
    forest = RandomForestClassifier(
        settings.trees, max_depth=settings.max_depth, random_state=settings.seed, n_jobs=-1
    )
    forest.fit(components.astype(np.float32), targets, sample_weight=weights)
    trees = [tree.tree_ for tree in forest.estimators_]
    sizes = np.array([tree.node_count for tree in trees])
    roots = (np.cumsum(sizes) - sizes).astype(np.int32)
    starts, nodes = np.repeat(roots, sizes), np.arange(sizes.sum())
    left = np.concatenate([tree.children_left for tree in trees])
    right = np.concatenate([tree.children_right for tree in trees])
    leaf = left == _NO_CHILD
    shares = np.concatenate([tree.value[:, 0, :] for tree in trees])
    return RandomForest(
        labels,
        reducer_id,
        roots,
        np.where(leaf, nodes, left + starts).astype(np.int32),
        np.where(leaf, nodes, right + starts).astype(np.int32),
        np.where(leaf, 0, np.concatenate([tree.feature for tree in trees])).astype(np.int32),
        np.concatenate([tree.threshold for tree in trees]),
        shares / shares.sum(axis=1, keepdims=True),
    )
