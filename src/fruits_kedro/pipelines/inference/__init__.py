"""The inference pipeline."""

from fruits_kedro.pipelines.inference.pipeline import create_pipeline

__all__ = ["create_pipeline"]
