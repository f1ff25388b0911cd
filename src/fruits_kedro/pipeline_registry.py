"""All pipelines, and those that ``kedro run`` runs by default."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

DEFAULT = ("ingestion", "featurization", "reduction", "classification", "reporting", "app")


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline by the name of its folder, and the default run."""
    found = find_pipelines(raise_errors=True)
    found.pop("__default__", None)
    # Kedro-Viz draws a namespace as one box, and its nodes are ``name.node``.
    pipelines = {
        name: Pipeline(pipeline, namespace=name, prefix_datasets_with_namespace=False)
        for name, pipeline in found.items()
    }
    # `kedro run --pipelines=reduction` makes find_pipelines import that one alone.
    parts = (pipelines[name] for name in DEFAULT if name in pipelines)
    pipelines["__default__"] = sum(parts, Pipeline([]))
    return pipelines
