"""The storage of a run is locked from its start to its end, and left-overs go first."""

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node

from fruits_kedro import FruitsError
from fruits_kedro.datasets import TableDataset
from fruits_kedro.hooks.storage import StorageHooks, require_place
from fruits_kedro.storage.lock import lock_of

PIPELINE = Pipeline([node(lambda a: a, "a", "b", name="only")])
CATALOG = DataCatalog({"a": MemoryDataset(1)})
UNFINISHED = f".{'0' * 32}.tmp"


@pytest.fixture
def hooks(tmp_path):
    made = StorageHooks()
    made._storage = str(tmp_path / "storage")
    yield made
    made.release()


def is_locked(hooks: StorageHooks) -> bool:
    lock = lock_of(hooks._storage)
    try:
        lock.acquire()
    except FruitsError:
        return True
    lock.release()
    return False


@pytest.mark.parametrize("end", ["after_pipeline_run", "on_pipeline_error", "release"])
def test_the_lock_is_held_until_the_run_ends_however_it_does(hooks, end):
    hooks.before_pipeline_run(PIPELINE, CATALOG)
    assert is_locked(hooks)
    getattr(hooks, end)()
    assert not is_locked(hooks)


def test_a_notebook_runs_again_after_it_interrupted_a_run(hooks):
    for _ in range(2):
        hooks.before_pipeline_run(PIPELINE, CATALOG)
    assert is_locked(hooks)


def test_left_overs_go_and_nothing_else_does(hooks, tmp_path):
    folder = tmp_path / "storage" / "deep"
    folder.mkdir(parents=True)
    for name in (UNFINISHED, ".mine.tmp", "report.json"):
        (folder / name).touch()
    hooks.before_pipeline_run(PIPELINE, CATALOG)
    assert sorted(path.name for path in folder.iterdir()) == [".mine.tmp", "report.json"]


def test_what_a_run_makes_anew_replaces_that_of_version_1(hooks, tmp_path, caplog):
    folder = tmp_path / "storage" / "04_feature"
    for name in ("features", "scene_features"):
        (folder / name / "part-0").mkdir(parents=True)
        (folder / name / "_current.json").write_text("{}")
    table = TableDataset(filepath=str(folder / "features"), table="VARIANTS")
    for _ in range(2):
        hooks.before_pipeline_run(PIPELINE, DataCatalog({"a": MemoryDataset(1), "b": table}))
    assert [path.name for path in folder.iterdir()] == ["scene_features"]
    [warning] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "04_feature/features" in warning


@pytest.mark.parametrize("name", ["images", "storage"])
def test_an_environment_without_a_place_is_refused(name):
    require_place(name, "/data")
    with pytest.raises(FruitsError, match=f"no {name}: .*FRUITS_{name.upper()}"):
        require_place(name, "/project/not-set")
