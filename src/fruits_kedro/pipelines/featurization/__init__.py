"""The featurization pipeline."""

from fruits_kedro.pipelines.featurization.pipeline import create_pipeline

__all__ = ["create_pipeline"]
