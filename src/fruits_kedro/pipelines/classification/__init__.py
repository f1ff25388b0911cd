"""The classification pipeline."""

from fruits_kedro.pipelines.classification.pipeline import create_pipeline

__all__ = ["create_pipeline"]
