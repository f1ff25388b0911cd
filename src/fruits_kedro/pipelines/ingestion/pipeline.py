"""Wiring of ingestion."""

from typing import Any

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.ingestion import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Folders → images (bytes, read once) → photographs (the present listing, split)."""
    parameters, folders = "params:ingestion", ["raw_images", "own_images"]
    resolved, counted = ["photographs", "split_report"], ["layout", "unread_files", "photographs"]
    steps: list[tuple[Any, Any, Any]] = [
        (nodes.understand_folders, [*folders, parameters, "params:own"], ["listing", "layout"]),
        (nodes.select_unread_files, ["listing", "known_images", parameters], "unread_files"),
        (nodes.read_images, ["unread_files", parameters], "images"),
        (nodes.resolve_photographs, ["listing", "images", parameters, "params:split"], resolved),
        (nodes.report_ingestion, [*counted, parameters], "ingestion_report"),
    ]
    return pipeline([node(*step, name=step[0].__name__) for step in steps], tags="ingestion")
