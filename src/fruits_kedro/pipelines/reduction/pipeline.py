"""Wiring of reduction."""

from typing import Any

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.reduction import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Features → reducer → principal components, as Parquet, CSV and pictures."""
    stored = ["features", "photographs", "variants", "backbone"]
    steps: list[tuple[Any, Any, Any]] = [
        (nodes.fit_reducer_on_train, [*stored, "params:reduction", "params:own"], "reducer"),
        (nodes.reduce_features, [*stored, "reducer"], "reduced_features"),
        (nodes.render_components, ["reduced_features", "params:reporting"], "reduced_features_csv"),
        (nodes.summarise_variance, "reducer", "explained_variance"),
        (nodes.plot_scree, "explained_variance", "scree_plot"),
        (nodes.place_map_points, ["reduced_features", "params:reduction"], "map_points"),
        (nodes.plot_tsne_map, "map_points", "tsne_map"),
    ]
    return pipeline([node(*step, name=step[0].__name__) for step in steps], tags="reduction")
