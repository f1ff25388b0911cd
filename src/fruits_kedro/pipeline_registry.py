"""Which pipelines there are, and which a plain ``kedro run`` runs."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

DEFAULT = ("ingestion", "featurization", "reduction", "classification", "reporting")


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline by the name of its folder, and the default run made of five of them."""
    pipelines = find_pipelines(raise_errors=True)
    # `kedro run --pipelines=reduction` makes find_pipelines import that one alone.
    found = (pipelines[name] for name in DEFAULT if name in pipelines)
    pipelines["__default__"] = sum(found, Pipeline([]))
    return pipelines
