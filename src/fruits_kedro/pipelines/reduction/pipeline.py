"""Wiring of reduction."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.reduction import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Features → reducer → principal components, as Parquet, CSV and pictures."""
    stored = ["features", "photographs", "variants", "backbone"]
    return pipeline(
        [
            node(
                nodes.fit_reducer_on_train,
                [*stored, "params:reduction", "params:own"],
                "reducer",
                name="fit_reducer_on_train",
            ),
            node(
                nodes.reduce_features,
                [*stored, "reducer"],
                "reduced_features",
                name="reduce_features",
            ),
            node(
                nodes.render_components,
                ["reduced_features", "params:reporting"],
                "reduced_features_csv",
                name="render_components",
            ),
            node(
                nodes.summarise_variance,
                "reducer",
                "explained_variance",
                name="summarise_variance",
            ),
            node(nodes.plot_scree, "explained_variance", "scree_plot", name="plot_scree"),
            node(
                nodes.place_map_points,
                ["reduced_features", "params:reduction"],
                "map_points",
                name="place_map_points",
            ),
            node(nodes.plot_tsne_map, "map_points", "tsne_map", name="plot_tsne_map"),
        ],
        tags="reduction",
    )
