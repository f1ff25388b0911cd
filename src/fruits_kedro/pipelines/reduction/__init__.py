"""The reduction pipeline."""

from fruits_kedro.pipelines.reduction.pipeline import create_pipeline

__all__ = ["create_pipeline"]
