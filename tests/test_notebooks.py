"""The notebooks run from first cell to last on a storage of their own, and are kept bare."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from runs import Job

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_outputs(file):
    cells = nbformat.read(file, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert code
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []
    assert len(cells) < 15, "short"


@pytest.fixture(scope="module")
def whole(whole_run, tmp_path_factory) -> Job:
    """Results to look at, in a copy, since predicting writes."""
    return whole_run.fork(tmp_path_factory.mktemp("notebooks"))


def execute(name: str, monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[Any]:
    """What each code cell of a notebook shows, run by a new kernel where the file lies."""
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    [file] = [path for path in NOTEBOOKS if path.name == name]
    notebook = nbformat.read(file, as_version=4)
    where = {"metadata": {"path": str(file.parent)}}
    NotebookClient(notebook, timeout=600, resources=where).execute()
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def kinds(outputs: list[Any]) -> set[str]:
    """Kinds of data that outputs hold."""
    return {kind for output in outputs for kind in output.get("data", {})}


@pytest.mark.tools
def test_the_results_can_be_explored(whole, monkeypatch):
    metrics, tsne_map, confusions, nearest, strip, features = execute(
        "01_explore_results.ipynb", monkeypatch, FRUITS_STORAGE=str(whole.storage)
    )
    assert "accuracy" in metrics[-1].data["text/plain"]
    assert "application/vnd.plotly.v1+json" in kinds(tsne_map)
    assert "text/html" in kinds(confusions)
    rows = nearest[-1].data["text/html"]
    assert rows.count("<tr") == 7
    assert "Apple" in rows
    assert "image/png" in kinds(strip)
    assert "Tomato" in features[-1].data["text/html"]


@pytest.mark.tools
def test_a_folder_is_predicted(whole, monkeypatch):
    places = {"FRUITS_STORAGE": str(whole.storage), "FRUITS_IMAGES": str(whole.images / "Training")}
    _, predicted, least_sure, reasons = execute("02_your_own_photos.ipynb", monkeypatch, **places)
    told = "".join(output.get("text", "") for output in predicted)
    assert re.search(r"\d+ files, \d+ predicted", told)
    assert "text/html" in kinds(least_sure)
    shown = reasons[-1].data["text/plain"]
    assert "empty_file" in shown
    assert "not_an_image" in shown


@pytest.mark.tools
def test_own_photographs_give_a_learning_curve(tmp_path, monkeypatch):
    _, evaluated, curve, gains = execute(
        "03_learning_curve.ipynb", monkeypatch, FRUITS_STORAGE=str(tmp_path / "storage")
    )
    assert re.search(
        r"'Test': {'rows': \d+, 'accuracy': [01]\.\d+, 'by'", evaluated[-1].data["text/plain"]
    )
    assert "application/vnd.plotly.v1+json" in kinds(curve)
    assert gains[-1].data["text/html"].count("<tr") == 6
