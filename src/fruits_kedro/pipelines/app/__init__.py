"""The app pipeline: a static page that names fruits on a phone, and the commands around it."""

from fruits_kedro.pipelines.app.pipeline import create_pipeline

__all__ = ["create_pipeline"]
