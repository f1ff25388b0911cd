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
from bench.processes import ROOT
from bench.scripts import run_script
from fruits_kedro.pipelines.featurization import nodes as featurization
from fruits_kedro.pipelines.ingestion import nodes as ingestion


class Watch:
    """Seconds and peak resident megabytes of stages in this process (Linux).

    As a Kedro hook it takes every node as a stage, its loads and saves included.
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
    """Run the project on what ``bench.made_up`` wrote, then plan reading and featurization.

    Returns:
        ``stages`` and ``peaks``, seconds and megabytes by stage; ``in_stages``, all seconds.
    """
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
    settings_of = {
        name: catalog.load(f"params:{name}")
        for name in ("ingestion", "own", "augmentation", "featurization")
    }
    listing, _ = ingestion.understand_folders(
        catalog.load("raw_images"), [], settings_of["ingestion"], settings_of["own"]
    )
    watch.lap("again: list and understand")
    nothing = replace(catalog.load("images"), files=())
    unread = ingestion.select_unread_files(listing, nothing, settings_of["ingestion"])
    for _ in ingestion.read_images(unread, settings_of["ingestion"]):
        pass
    watch.lap("plan reading")
    photographs, backbone = catalog.load("photographs"), catalog.load("backbone")
    unknown = replace(catalog.load("features"), files=())
    missing = featurization.select_missing_features(
        photographs, catalog.load("variants"), unknown, backbone
    )
    for _ in featurization.compute_features(
        missing,
        catalog.load("images"),
        backbone,
        catalog.load("backgrounds"),
        settings_of["augmentation"],
        settings_of["featurization"],
    ):
        pass
    watch.lap("plan featurization")


if __name__ == "__main__":
    run_script(__doc__, measure, work=Path)
