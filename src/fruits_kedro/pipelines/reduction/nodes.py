"""From 1280 features to principal components, fitted on train rows only."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from fruits_kedro import FruitsError
from fruits_kedro.datasets.csv import CsvText, render_csv
from fruits_kedro.model.backbone.artefact import Backbone
from fruits_kedro.model.features import (
    copies_on_driver,
    features_on_driver,
    named_by_copy,
    present_copies,
    present_features,
    table_named_by_copy,
)
from fruits_kedro.model.matrices import place_beside, rows_of
from fruits_kedro.model.moments import TOGETHER, Moments, sum_moments, sum_table_moments
from fruits_kedro.model.reducer import (
    Reducer,
    fit_reducer,
    possible_k,
    reduce_features,
    reduce_table,
)
from fruits_kedro.parameters import MapParameters, ReductionParameters
from fruits_kedro.pipelines.plot_text import as_plot_text
from fruits_kedro.storage.heavy_types import DataFrame, Figure, Table
from fruits_kedro.storage.stored_rows import collect_rows, sample_rows

logger = logging.getLogger(__name__)


def fit_reducer_on_train(
    features: DataFrame,
    splits: DataFrame,
    augmented_features: DataFrame,
    variants: DataFrame,
    backbone: Backbone,
    parameters: ReductionParameters,
) -> Reducer:
    """Fit scaler and PCA on the train rows and their augmented copies.

    Raises:
        FruitsError: Where there are fewer than two train rows, or all are alike.
    """
    moments = _train_moments(features, splits, backbone.fingerprint, parameters)
    rows = moments.rows if moments else 0
    if moments is None or rows < 2:
        raise FruitsError(
            f"{rows} photographs train, and a PCA needs at least two: check split.method and "
            "the Training folder."
        )
    if moments.are_alike:
        raise FruitsError(
            f"The {rows} train photographs all have the same features, so nothing tells their "
            "labels apart: check that they do not show one and the same picture."
        )
    copies = _copy_moments(augmented_features, variants, parameters, moments.labels)
    together = moments + copies if copies else moments
    k = possible_k(parameters.k, together.rows, len(moments.total))
    reducer = fit_reducer(together, k, backbone.fingerprint, parameters.within_shrinkage)
    logger.info(
        "%d components explain %.4f of the variance of %d train photographs and %d copies",
        reducer.k,
        reducer.explained_variance_ratio.sum(),
        rows,
        together.rows - rows,
    )
    return reducer


def _train_moments(
    features: DataFrame, splits: DataFrame, fingerprint: str, parameters: ReductionParameters
) -> Moments | None:
    import pyarrow.compute as pc

    megabytes, unit_length = parameters.driver_megabytes, parameters.unit_length
    table = features_on_driver(features, splits, fingerprint, megabytes)
    apart = parameters.within_shrinkage is not None
    if table is not None:
        table = table.filter(pc.field("split") == "train")
        labels = sorted(table["label"].unique().to_pylist()) if apart else TOGETHER
        return sum_table_moments(table, unit_length, labels)
    train = splits.filter("split = 'train'").select("sha256", "label")
    found = train.select("label").distinct().collect() if apart else []
    rows = present_features(features, train, fingerprint)
    return sum_moments(rows, megabytes, unit_length, sorted(r.label for r in found) or TOGETHER)


def _copy_moments(
    augmented_features: DataFrame,
    variants: DataFrame,
    parameters: ReductionParameters,
    labels: Sequence[str],
) -> Moments | None:
    megabytes, unit_length = parameters.driver_megabytes, parameters.unit_length
    table = copies_on_driver(augmented_features, variants, megabytes)
    if table is not None:
        return sum_table_moments(table_named_by_copy(table), unit_length, labels)
    copies = named_by_copy(present_copies(augmented_features, variants))
    return sum_moments(copies, megabytes, unit_length, labels)


def reduce_photographs(
    features: DataFrame,
    splits: DataFrame,
    backbone: Backbone,
    reducer: Reducer,
    parameters: ReductionParameters,
) -> Table:
    """Principal components of every photograph.

    Returns:
        ``schemas.REDUCED_FEATURES``, on the driver where the features fit its memory.
    """
    fingerprint = backbone.fingerprint
    table = features_on_driver(features, splits, fingerprint, parameters.driver_megabytes)
    if table is None:
        return reduce_features(present_features(features, splits, fingerprint), reducer)
    return reduce_table(table.sort_by("path"), reducer)


def reduce_variants(
    augmented_features: DataFrame,
    variants: DataFrame,
    reducer: Reducer,
    parameters: ReductionParameters,
) -> Table:
    """Principal components of the augmented copies of train photographs.

    Returns:
        ``schemas.REDUCED_VARIANTS``, on the driver where the features fit its memory.
    """
    table = copies_on_driver(augmented_features, variants, parameters.driver_megabytes)
    if table is None:
        return reduce_features(present_copies(augmented_features, variants), reducer)
    return reduce_table(table.sort_by([("sha256", "ascending"), ("variant", "ascending")]), reducer)


def render_components(reduced_features: DataFrame, parameters: ReductionParameters) -> CsvText:
    """The components as CSV: path, label, split, pc_1 … pc_k, in the order of paths."""
    columns = ["path", "label", "split", "components"]
    megabytes = parameters.driver_megabytes
    return render_csv(reduced_features, columns, "components", "pc_", megabytes)


def summarise_variance(reducer: Reducer) -> dict[str, Any]:
    """Explained variance per component and cumulated."""
    ratio = reducer.explained_variance_ratio
    return {
        "k": reducer.k,
        "train_rows": reducer.rows,
        "explained_variance": float(ratio.sum()),
        "explained_variance_ratio": [float(share) for share in ratio],
        "cumulative": [float(share) for share in np.cumsum(ratio)],
    }


def plot_scree(explained_variance: dict[str, Any]) -> Figure:
    """Scree plot: the share of variance of each component, and their sum so far."""
    import plotly.graph_objects as go

    components = list(range(1, explained_variance["k"] + 1))
    total = explained_variance["explained_variance"]
    shares = explained_variance["explained_variance_ratio"]
    figure = go.Figure()
    figure.add_bar(x=components, y=shares, name="each component")
    figure.add_scatter(
        x=components, y=explained_variance["cumulative"], name="cumulated", yaxis="y2"
    )
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


def place_map_points(reduced_features: DataFrame, parameters: ReductionParameters) -> Table:
    """Places of a deterministic sample of photographs in two dimensions, in the order of sha256.

    Returns:
        ``schemas.MAP_POINTS``: by t-SNE (x, y) and on the first two components (pc_1, pc_2).
    """
    import pyarrow as pa

    # sha256 is as good as a random number, and the same in every run.
    sample = sample_rows(reduced_features, reduced_features.columns, parameters.map.points)
    components = rows_of(sample["components"].combine_chunks())[:, : parameters.map.components]
    components = components.astype(np.float64)
    places = _place(components, parameters.map)
    plane = np.zeros((len(components), 2))
    plane[:, : min(2, components.shape[1])] = components[:, :2]
    columns = {name: sample[name] for name in ("path", "label", "split", "sha256")}
    numbers = dict(zip(("x", "y", "pc_1", "pc_2"), np.hstack([places, plane]).T, strict=True))
    return pa.table(columns | {name: pa.array(values.copy()) for name, values in numbers.items()})


def plot_tsne_map(map_points: DataFrame) -> Figure:
    """t-SNE map of a sample of photographs, coloured by label."""
    import plotly.express as px

    frame = collect_rows(map_points).to_pandas()
    names = {name: frame[name].map(as_plot_text) for name in ("label", "path")}
    frame = frame.assign(**names).sort_values("label", kind="stable")
    figure = px.scatter(
        frame, x="x", y="y", color="label", symbol="split", hover_name="path", hover_data=["split"]
    )
    figure.update_layout(
        title=f"t-SNE map of {len(frame)} photographs", legend_title="label, split"
    )
    figure.update_xaxes(title="", showticklabels=False)
    figure.update_yaxes(title="", showticklabels=False)
    return figure


def _place(components: Any, parameters: MapParameters) -> Any:
    """The first rows by t-SNE, the others among the landmarks that are nearest to them."""
    landmarks = components[: parameters.landmarks]
    places = _tsne(landmarks, parameters)
    return np.vstack([places, place_beside(components[len(landmarks) :], landmarks, places)])


def _tsne(components: Any, parameters: MapParameters) -> Any:
    """Source: van der Maaten and Hinton, Visualizing Data using t-SNE, JMLR 9, 2008."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    points = len(components)
    if points < 3:
        return np.zeros((points, 2))
    perplexity = min(parameters.perplexity, (points - 1) / 3)
    tsne = TSNE(perplexity=perplexity, random_state=parameters.seed, init="pca")
    # Starting from principal components divides by the spread of the first.
    if components.shape[1] < 2 or np.ptp(components, axis=0).max() == 0:
        tsne.set_params(init="random")
    # Threads wait for each other in each of a thousand steps: beside other work two took 17 times
    # as long as one. One also adds in the same order in every run.
    with threadpool_limits(1):
        return tsne.fit_transform(components)
