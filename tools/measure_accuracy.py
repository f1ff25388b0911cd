"""Measure what each step gains, for ``docs/results.md`` (``make accuracy IMAGES=FOLDER``).

Every step is one ``kedro run`` of ingestion, featurization and evaluation on one storage, so
features are computed once. The same ``--work`` continues an interrupted measurement.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bench.kedro_run import kedro_command
from bench.scripts import RESULTS_PAGE, ROOT, write_section

PIPELINES = ["--pipelines=ingestion,featurization,evaluation"]


class Step(NamedTuple):
    """One way of doing it: its name, and the parameters that differ from the defaults."""

    name: str
    parameters: Mapping[str, object]
    precisions: tuple[str, ...] = ("float32",)


NO_COPIES = {"augmentation.copies": 0}
STEPS = (
    Step("every feature to variance 1, no copies", {"reduction.scaling": "standard", **NO_COPIES}),
    Step("each photograph to unit length", {"reduction.scaling": "unit_length", **NO_COPIES}),
    Step("then the covariance within labels taken out", NO_COPIES),
    Step(
        "unit length, with copies but that covariance left in",
        {"reduction.scaling": "unit_length"},
    ),
    Step("both, copies before drawn backgrounds only", {"augmentation.photograph_share": 0}),
    Step("both, copies in the light of any kitchen", {"augmentation.light": 1}),
    Step("**both, as by default**", {}, ("float32", "int8")),
)
HEAD = """{photographs:,} photographs of {labels} labels, {date}. Scaler, PCA and classifier are
refitted from stored features for each answer; a copy trains only if its photograph does. The folds
of `capture` are the turns that were held out.

| step | precision | `folder` | `random` | `capture` | folds | `cluttered` |
| --- | --- | --- | --- | --- | --- | --- |
"""


def main() -> None:
    """Measure every step and write the section."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--work", type=Path, help="storage of the runs, kept; else a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = given.work or Path(temporary)
        rows = []
        for step in STEPS:
            for precision in step.precisions:
                evaluation = measure(step, precision, given.images.resolve(), work.resolve())
                rows.append(row_of(step.name, precision, evaluation))
                print(rows[-1], end="", flush=True)
        report = json.loads((work / "08_reporting" / "ingestion.json").read_text())
    counts = {"photographs": report["kept"], "labels": len(report["kept_by_label"])}
    head = HEAD.format(date=datetime.now(UTC).date(), **counts)
    write_section(RESULTS_PAGE, "accuracy", head + "".join(rows))


def measure(step: Step, precision: str, images: Path, work: Path) -> dict[str, Any]:
    """The evaluation of one step, measured now or by an earlier call."""
    parameters = {**step.parameters, "featurization.precision": precision}
    name = ",".join(f"{name}={value}" for name, value in parameters.items())
    kept = work / "accuracy" / f"{name}.json"
    if not kept.exists():
        run(kedro_command(work, {"images": images, "tracking": "off", **parameters}, PIPELINES))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text((work / "08_reporting" / "evaluation.json").read_text())
    evaluation: dict[str, Any] = json.loads(kept.read_text())
    return evaluation


def run(words: Sequence[str]) -> None:
    """Run a command to its end; it explains a failure itself."""
    if subprocess.run(words, cwd=ROOT, check=False).returncode:
        raise SystemExit("The step above failed. Run the same command to continue.")


def row_of(name: str, precision: str, evaluation: Mapping[str, Any]) -> str:
    """One line of the table."""
    capture = evaluation["capture"]
    folds = ", ".join(
        f"{group} {share(fold, 'accuracy')}" for group, fold in capture.get("folds", {}).items()
    )
    plain = [share(evaluation[answer], "accuracy") for answer in ("folder", "random")]
    cluttered = share(evaluation["cluttered"], "mean")
    cells = [name, precision, *plain, share(capture, "mean"), folds or "-", cluttered]
    return f"| {' | '.join(cells)} |\n"


def share(answer: Mapping[str, Any], name: str) -> str:
    """A share with four decimals, or a dash if it could not be measured."""
    return f"{answer[name]:.4f}" if name in answer else "-"


if __name__ == "__main__":
    main()
