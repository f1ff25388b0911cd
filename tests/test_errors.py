"""What a user can get wrong: one sentence that says what, where and how to fix it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from runs import Job, copy_photos, new_job
from sentences import sentence_of

SOURCES = Path(__file__).resolve().parents[1] / "src" / "fruits_kedro"
TWO_LABELS = [f"Training/{label}/{n}_100.jpg" for label in ("Apple", "Corn") for n in range(2)]


# --- every error ---------------------------------------------------------------------------------


def messages(file: Path) -> Iterator[tuple[int, str]]:
    """Every message of a FruitsError that is written where it is raised, with its line."""
    for node in ast.walk(ast.parse(file.read_text())):
        is_error = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FruitsError"
        if is_error and node.args and isinstance(node.args[0], ast.Constant | ast.JoinedStr):
            text = node.args[0]
            parts = text.values if isinstance(text, ast.JoinedStr) else [text]
            shown = (part.value if isinstance(part, ast.Constant) else "…" for part in parts)
            yield node.lineno, "".join(map(str, shown))


def test_every_error_is_one_sentence_with_a_remedy():
    """What is wrong, a colon, what to do: no line break, and a full stop at the end."""
    found = {
        f"{file.relative_to(SOURCES)}:{line}": text
        for file in sorted(SOURCES.rglob("*.py"))
        for line, text in messages(file)
    }
    assert len(found) > 30
    wrong = [
        f"{place}: {text}"
        for place, text in found.items()
        if "\n" in text or not re.search(r"(: | \(|, did you mean|…).*[.…]$", text)
    ]
    assert wrong == []


# --- photographs ---------------------------------------------------------------------------------


@pytest.fixture
def job(spark, tmp_path) -> Job:
    return new_job(tmp_path)


def sentence(job: Job, *pipelines: str, **parameters: Any) -> str:
    """The error of a run that is refused."""
    return sentence_of(lambda: job.run(*pipelines, **parameters))


def test_photographs_without_label_folders(job):
    for n in range(3):
        copy_photos([f"Training/Apple/{n}_100.jpg"], job.images)
        (job.images / f"Training/Apple/{n}_100.jpg").rename(job.images / f"Training/{n}.jpg")
    message = sentence(job, "ingestion")
    assert str(job.images) in message
    assert "--pipelines=inference" in message


def test_a_single_label(job, caplog):
    copy_photos(TWO_LABELS[:2], job.images)
    message = sentence(job, "ingestion")
    assert "Apple" in message
    assert message not in caplog.text, "the command prints it, so the log need not"


@pytest.mark.parametrize("bad", [4, 5])
def test_more_bad_files_than_allowed(job, bad):
    copy_photos(TWO_LABELS, job.images)
    for n in range(bad):
        (job.images / "Training" / "Apple" / f"bad{n}.jpg").write_text(f"no photograph {n}")
    if bad == 5:
        message = sentence(job, "ingestion")
        assert "5 of 9" in message
        assert "ingestion.max_bad_share=0.5" in message
    else:
        job.run("ingestion")
        report = job.report("ingestion")
        assert (report["kept"], report["rejected"]) == (4, 4)


# --- what is missing -----------------------------------------------------------------------------


@pytest.mark.parametrize("pipeline", ["inference", "reduction", "classification", "evaluation"])
def test_a_pipeline_before_any_run(job, pipeline):
    copy_photos(TWO_LABELS, job.images)
    message = sentence(job, pipeline)
    assert str(job.storage) in message
    assert "kedro run" in message
