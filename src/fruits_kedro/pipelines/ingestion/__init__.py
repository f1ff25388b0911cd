"""The ingestion pipeline."""

from fruits_kedro.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
