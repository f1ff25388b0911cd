"""Measure what each step gains, and write ``docs/accuracy.md``.

.venv/bin/python tools/measure_accuracy.py --images FOLDER [--work FOLDER]

Every step is one ``kedro run`` of ingestion, featurization and evaluation on one storage, so that
features are computed once. With the same ``--work`` it goes on where it stopped.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "accuracy.md"
PIPELINES = "ingestion,featurization,evaluation"


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
HEAD = """# Accuracy

Written by `tools/measure_accuracy.py` (`make accuracy IMAGES=FOLDER`), here on {photographs:,}
photographs of {labels} labels. Scaler, PCA and classifier are refitted from the stored features for
each answer; a copy trains only where its photograph does.

- `folder`: trained on the Training folders, tested on the Test folders. Frames next to a test frame
  train, so it flatters.
- `random`: a stratified draw, which flatters in the same way.
- **`capture`**: turns of a fruit that never trained, the mean of the folds that stand beside it.
- **`cluttered`**: scenes composed of the photographs of the turns left out, on backgrounds that
  never trained (`src/fruits_kedro/augmentation/backgrounds/held_out`).

| step | precision | `folder` | `random` | `capture` | folds | `cluttered` |
| --- | --- | --- | --- | --- | --- | --- |
"""


def main() -> None:
    """Measure every step and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--work", type=Path, help="storage of the runs, kept; else a temporary one")
    parser.add_argument("--out", type=Path, default=FILE, help="the page")
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
    given.out.write_text(HEAD.format(**counts) + "".join(rows))


def measure(step: Step, precision: str, images: Path, work: Path) -> dict[str, Any]:
    """The evaluation of one step, measured now or by an earlier call."""
    parameters = {**step.parameters, "featurization.precision": precision}
    told = ",".join(f"{name}={value}" for name, value in parameters.items())
    kept = work / "accuracy" / f"{told}.json"
    if not kept.exists():
        run(command(images, work, parameters))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text((work / "08_reporting" / "evaluation.json").read_text())
    evaluation: dict[str, Any] = json.loads(kept.read_text())
    return evaluation


def command(images: Path, work: Path, parameters: Mapping[str, object]) -> list[str]:
    """The command line of a run."""
    values = {"images": images, "storage": work, "tracking": "off", **parameters}
    assigned = ",".join(f"{name}={value}" for name, value in values.items())
    program = Path(sys.executable).parent / "kedro"
    return [str(program), "run", f"--pipelines={PIPELINES}", f"--params={assigned}"]


def run(words: Sequence[str]) -> None:
    """Run a command to its end; it says itself why it failed."""
    if subprocess.run(words, cwd=ROOT, check=False).returncode:
        raise SystemExit("The step above failed; the same command goes on from what was finished.")


def row_of(name: str, precision: str, evaluation: Mapping[str, Any]) -> str:
    """One line of the table."""
    capture = evaluation["capture"]
    folds = ", ".join(
        f"{group} {share(fold, 'accuracy')}" for group, fold in capture.get("folds", {}).items()
    )
    cells = [
        name,
        precision,
        share(evaluation["folder"], "accuracy"),
        share(evaluation["random"], "accuracy"),
        share(capture, "mean"),
        folds or "-",
        share(evaluation["cluttered"], "mean"),
    ]
    return f"| {' | '.join(cells)} |\n"


def share(answer: Mapping[str, Any], name: str) -> str:
    """A share to the tenth of a percent point, or a dash where it could not be measured."""
    return f"{answer[name]:.4f}" if name in answer else "-"


if __name__ == "__main__":
    main()
