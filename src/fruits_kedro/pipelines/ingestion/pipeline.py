"""Wiring of ingestion."""

from typing import Any

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.ingestion import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Folders → images (bytes, read once) → photographs (the present listing, split)."""
    steps: list[tuple[Any, Any, Any]] = [
        (
            nodes.understand_folders,
            ["raw_images", "own_images", "params:ingestion", "params:own"],
            ["listing", "layout"],
        ),
        (
            nodes.select_unread_files,
            ["listing", "known_images", "params:ingestion"],
            "unread_files",
        ),
        (nodes.read_images, ["unread_files", "params:ingestion"], "images"),
        (
            nodes.resolve_photographs,
            ["listing", "images", "params:ingestion", "params:split"],
            ["photographs", "split_report"],
        ),
        (
            nodes.report_ingestion,
            ["layout", "unread_files", "photographs", "params:ingestion"],
            "ingestion_report",
        ),
    ]
    return pipeline([node(*step, name=step[0].__name__) for step in steps], tags="ingestion")
