"""Let Java remember the classes Spark loads, so that later runs start seconds earlier.

Runs ingestion on a few photographs and keeps what the JVM loaded as a class data sharing archive,
which ``conf/base/spark.yml`` names. Without it, or with another Java or Spark, nothing fails.

Source: https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html
"""

import os
import shutil
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from kedro.framework.startup import bootstrap_project

from fruits_kedro.cluster.session import get_spark
from fruits_kedro.hooks.session import FruitsSession

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "01_raw" / "sample"
PHOTOGRAPHS = 6


def main(archive: Path) -> None:
    """Write the archive, about 150 MB."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        made = Path(folder) / archive.name
        os.environ["FRUITS_CLASS_ARCHIVE"] = str(made)
        _ingest(_copy_sample(Path(folder) / "images"), Path(folder) / "storage")
        _end_spark()
        made.replace(archive)


def _copy_sample(images: Path) -> Path:
    for label in ("Apple", "Banana"):
        folder = images / label
        folder.mkdir(parents=True)
        for photograph in islice((SAMPLE / "Training" / label).iterdir(), PHOTOGRAPHS):
            shutil.copy(photograph, folder)
    return images


def _ingest(images: Path, storage: Path) -> None:
    bootstrap_project(ROOT)
    parameters = {"images": str(images), "storage": str(storage), "tracking": "off"}
    session: Any
    with FruitsSession.create(ROOT, runtime_params=parameters) as session:
        session.run(pipeline_names=["ingestion"])


def _end_spark() -> None:
    """The JVM writes the archive when it ends, which it does when its input is closed."""
    context: Any = get_spark().sparkContext
    java = context._gateway.proc
    context.stop()
    java.stdin.close()
    java.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
