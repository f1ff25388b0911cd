"""Reduces features to principal components, fitted on train rows only."""

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.cluster.tasks import WorkerRows, broadcast
from fruits_kedro.datasets.csv import CsvRows
from fruits_kedro.datasets.reports import Figure
from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.matrices import lists_of, rows_of
from fruits_kedro.model.moments import Batch, Moments
from fruits_kedro.model.reducer import Reducer, fit_reducer
from fruits_kedro.model.rows import own_weights
from fruits_kedro.parameters import (
    MapParameters,
    OwnParameters,
    ReductionParameters,
    ReportingParameters,
)
from fruits_kedro.pipelines.feature_rows import (
    are_own,
    evenly,
    kept_photographs,
    locate_features,
    map_stored,
    stream_features,
    targets_of,
)
from fruits_kedro.pipelines.plot_text import as_plot_text
from fruits_kedro.storage.schemas import REDUCED_FEATURES
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

_TASK_ROWS = 8192
"""Rows per task: 40 MB of features, a second of work."""


def fit_reducer_on_train(
    features: Table,
    photographs: Table,
    variants: Table,
    backbone: Backbone,
    parameters: ReductionParameters,
    own: OwnParameters,
) -> Reducer:
    """Fit scaler and PCA on the train rows and their augmented copies.

    Sums over rows are streamed from storage, so memory does not grow with rows.

    Raises:
        FruitsError: If there are fewer than two train rows, or all are alike.
    """
    train = kept_photographs(photographs, "train")
    located = locate_features(features, train, variants.read(), backbone.fingerprint)
    chosen = evenly(located, parameters.rows, "reduction.rows")
    is_photograph = pc.equal(chosen["variant"], 0).to_numpy()
    originals = int(is_photograph.sum())
    if originals < 2:
        raise FruitsError(
            f"{originals} photographs train, but a PCA needs at least two: check split.method and "
            "the Training folder."
        )
    labels, targets = targets_of(chosen)
    weights = own_weights(targets, are_own(chosen), own.share)
    pictures: set[bytes] = set()  # two are enough; copies differ from their photograph anyway

    def batches() -> Iterator[Batch]:
        for part, block in stream_features(features, chosen):
            if len(pictures) < 2:
                pictures.update(row.tobytes() for row in block[is_photograph[part]])
            yield block, targets[part], weights[part]

    moments = Moments.of(batches(), len(labels), parameters.unit_length)
    if moments.constant.all() or len(pictures) < 2:
        raise FruitsError(
            f"The {originals} train photographs all have the same features, so nothing tells "
            "their labels apart: check that they do not show one and the same picture."
        )
    shrinkage = parameters.within_shrinkage
    reducer = fit_reducer(moments, parameters.k, backbone.fingerprint, shrinkage)
    if reducer.k < parameters.k:
        logger.warning(
            "reduction.k=%s lowered to %d: %d train photographs and copies differ in no more",
            parameters.k,
            reducer.k,
            chosen.num_rows,
        )
    logger.info(
        "%d components explain %.4f of the variance of %d train photographs and %d copies",
        reducer.k,
        reducer.explained_variance_ratio.sum(),
        originals,
        chosen.num_rows - originals,
    )
    return reducer


def reduce_features(
    features: Table, photographs: Table, variants: Table, backbone: Backbone, reducer: Reducer
) -> WorkerRows:
    """Compute the principal components of every photograph and augmented copy.

    Returns:
        ``schemas.REDUCED_FEATURES``.
    """
    kept = kept_photographs(photographs)
    located = locate_features(features, kept, variants.read(), backbone.fingerprint)
    shared = broadcast(reducer)

    def compute(_: pa.Table, rows: npt.NDArray[np.float32]) -> dict[str, Any]:
        return {"components": lists_of(shared.value.transform(rows))}

    return map_stored(features, located, "features", compute, REDUCED_FEATURES, _TASK_ROWS)


def render_components(reduced_features: Table, parameters: ReportingParameters) -> CsvRows:
    """Write the components as CSV: path, label, split, pc_1 … pc_k, in the order of paths."""
    return CsvRows(
        reduced_features,
        ["path", "label", "split", "components"],
        wide="components",
        prefix="pc_",
        rows=pc.field("variant") == 0,
        limit=parameters.csv_rows,
    )


def summarise_variance(reducer: Reducer) -> dict[str, Any]:
    """List the explained variance per component and cumulated."""
    ratio = reducer.explained_variance_ratio
    return {
        "k": reducer.k,
        "train_rows": reducer.rows,
        "explained_variance": float(ratio.sum()),
        "explained_variance_ratio": ratio.tolist(),
        "cumulative": np.cumsum(ratio).tolist(),
    }


def plot_scree(explained_variance: dict[str, Any]) -> Figure:
    """Draw the scree plot: variance of each component, and cumulated."""
    import plotly.graph_objects as go

    components = list(range(1, explained_variance["k"] + 1))
    total, cumulated = (explained_variance[n] for n in ("explained_variance", "cumulative"))
    shares = explained_variance["explained_variance_ratio"]
    figure = go.Figure(go.Bar(x=components, y=shares, name="each component"))
    figure.add_scatter(x=components, y=cumulated, name="cumulated", yaxis="y2")
    figure.update_layout(
        title=f"{len(components)} components explain {total:.1%}",
        xaxis_title="component",
        yaxis_title="share of variance",
        yaxis2={
            "title": "cumulated",
            "overlaying": "y",
            "side": "right",
            "range": [0, 1.02],
            "showgrid": False,
        },
        legend={"orientation": "h"},
    )
    return figure


def place_map_points(reduced_features: Table, parameters: ReductionParameters) -> pa.Table:
    """Place a sample of photographs in two dimensions, ordered by sha256.

    Returns:
        ``schemas.MAP_POINTS``: by t-SNE (x, y) and on the first two components (pc_1, pc_2).
    """
    columns = ["path", "label", "split", "sha256"]
    photographs = pc.field("variant") == 0
    sample = reduced_features.sample(
        [*columns, "components"], parameters.map.points, photographs
    ).combine_chunks()
    matrix = rows_of(sample["components"])
    components = matrix[:, : parameters.map.components].astype(np.float64)
    places = _place(components, parameters.map)
    plane = np.zeros((len(components), 2))
    plane[:, : components.shape[1]] = components[:, :2]
    table, numbers = sample.select(columns), np.hstack([places, plane]).T
    for name, values in zip(("x", "y", "pc_1", "pc_2"), numbers, strict=True):
        table = table.append_column(name, pa.array(values.copy(), pa.float64()))
    return table


def plot_tsne_map(map_points: Table) -> Figure:
    """Draw the t-SNE map of a sample of photographs, coloured by label."""
    import plotly.express as px

    frame = map_points.to_pandas()
    names = {name: frame[name].map(as_plot_text) for name in ("label", "path")}
    frame = frame.assign(**names).sort_values("label", kind="stable")
    figure = px.scatter(
        frame, x="x", y="y", color="label", symbol="split", hover_name="path", hover_data=["split"]
    )
    figure.update_layout(title=f"t-SNE map of {len(frame)} photographs")
    figure.update_xaxes(title="", showticklabels=False)
    figure.update_yaxes(title="", showticklabels=False)
    return figure


def _place(components: Any, parameters: MapParameters) -> Any:
    """Place the first rows by t-SNE, the others between their nearest landmarks."""
    landmarks = components[: parameters.landmarks]
    places = _tsne(landmarks, parameters)
    if len(components) == len(landmarks):
        return places
    from sklearn.neighbors import KNeighborsRegressor

    beside = KNeighborsRegressor(min(3, len(landmarks)), weights="distance")
    return np.vstack([places, beside.fit(landmarks, places).predict(components[len(landmarks) :])])


def _tsne(components: Any, parameters: MapParameters) -> Any:
    """Source: van der Maaten and Hinton, Visualizing Data using t-SNE, JMLR 9, 2008."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    points = len(components)
    if points < 3:
        return np.zeros((points, 2))
    # init="pca" divides by the standard deviation of the first component.
    flat = components.shape[1] < 2 or np.ptp(components, axis=0).max() == 0
    tsne = TSNE(
        perplexity=min(parameters.perplexity, (points - 1) / 3),
        max_iter=parameters.iterations,
        random_state=parameters.seed,
        init="random" if flat else "pca",
    )
    # Threads synchronize in each step: on a busy machine two took 17 times as long
    # as one. One thread also adds in the same order in every run.
    with threadpool_limits(1):
        return tsne.fit_transform(components)
