"""Seconds and peak memory of every stage but reading and the network, on a made-up storage."""

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import settings
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline.node import Node

from bench.made_up import open_catalog, parameters
from bench.scripts import ROOT, run_script
from fruits_kedro.pipelines.featurization import nodes as featurization
from fruits_kedro.pipelines.ingestion import nodes as ingestion


class Watch:
    """Seconds and peak resident megabytes of stages in this process (Linux).

    As a Kedro hook it takes every node for a stage, its loads and saves included.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peaks: dict[str, float] = {}
        self._mark = time.perf_counter()

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Count loading and the node's own time."""
        self.lap(node.short_name)

    @hook_impl
    def after_dataset_saved(self, node: Node) -> None:
        """Count a save, and what Spark does for it."""
        self.lap(node.short_name)

    def lap(self, stage: str) -> None:
        """Add everything since the last lap to a stage."""
        now = time.perf_counter()
        peak = int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1000
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        self.seconds[stage] = round(self.seconds.get(stage, 0.0) + now - self._mark, 3)
        self.peaks[stage] = max(self.peaks.get(stage, 0.0), peak)
        self._mark = now


def measure(work: Path) -> dict[str, Any]:
    """Run the project on what ``bench.made_up`` wrote, then plan reading and featurization."""
    watch = Watch()
    bootstrap_project(ROOT)
    settings.set("HOOKS", (*settings.HOOKS, watch))
    with KedroSession.create(ROOT, runtime_params=parameters(work)) as session:
        watch.lap("start")
        session.run()
    plan(open_catalog(work), watch)
    total = round(sum(watch.seconds.values()), 3)
    return {"stages": watch.seconds, "peaks": watch.peaks, "in_stages": total}


def plan(catalog: Any, watch: Watch) -> None:
    """Make the tasks of a first run, which knows nothing yet, without executing them."""
    images, features = catalog.load("images"), catalog.load("features")
    reads, network = catalog.load("params:ingestion"), catalog.load("params:featurization")
    listing, _ = ingestion.understand_folders(
        catalog.load("raw_images"), [], reads, catalog.load("params:own")
    )
    watch.lap("list and understand")
    unread = ingestion.select_unread_files(listing, replace(images, files=()), reads)
    for _ in ingestion.read_images(unread, reads):
        pass
    watch.lap("plan reading")
    backbone = catalog.load("backbone")
    photographs, variants = catalog.load("photographs"), catalog.load("variants")
    missing = featurization.select_missing_features(
        photographs, variants, replace(features, files=()), backbone
    )
    backgrounds, recipe = catalog.load("backgrounds"), catalog.load("params:augmentation")
    slices = featurization.compute_features(missing, images, backbone, backgrounds, recipe, network)
    for _ in slices:
        pass
    watch.lap("plan featurization")


if __name__ == "__main__":
    run_script(__doc__, measure, work=Path)
