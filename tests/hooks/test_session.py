"""``kedro run`` takes the incremental runner, and refuses what it cannot run."""

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner
from sentences import sentence_of

from fruits_kedro import FruitsError
from fruits_kedro.hooks.session import FruitsSession
from fruits_kedro.runner import IncrementalRunner


@pytest.fixture
def session(project, tmp_path) -> FruitsSession:
    bootstrap_project(project)
    return FruitsSession.create(project, runtime_params={"storage": str(tmp_path)})


@pytest.fixture
def taken(monkeypatch) -> dict[str, object]:
    arguments: dict[str, object] = {}
    monkeypatch.setattr(KedroSession, "run", lambda self, **given: arguments.update(given))
    return arguments


@pytest.mark.parametrize("default", [{}, {"runner": SequentialRunner()}])
def test_the_default_runner_is_incremental(session, taken, default):
    session.run(pipeline_names=["reduction"], **default)
    assert isinstance(taken["runner"], IncrementalRunner)
    assert taken["pipeline_names"] == ["reduction"]


def test_a_runner_of_ones_own_stays(session, taken):
    own = type("Own", (SequentialRunner,), {})()
    session.run(runner=own)
    assert taken["runner"] is own


@pytest.mark.parametrize("kind", [ThreadRunner, ParallelRunner])
def test_a_runner_that_runs_nodes_at_once_is_refused(session, taken, kind):
    with pytest.raises(FruitsError, match=f"{kind.__name__} .*--runner"):
        session.run(runner=kind())
    assert taken == {}


def test_a_node_may_be_called_without_its_pipeline(session, taken):
    session.run(node_names=("plot_scree", "reduction.plot_tsne_map"))
    assert taken["node_names"] == ["reduction.plot_scree", "reduction.plot_tsne_map"]
    session.run(to_nodes=("predict_labels",))
    assert taken["to_nodes"] == ["classification.predict_labels"]


@pytest.mark.parametrize(("name", "hint"), [("reducton", "reduction?"), ("zzz", "zzz")])
def test_an_unknown_pipeline_is_refused_with_the_known_ones(session, name, hint):
    message = sentence_of(lambda: session.run(pipeline_names=[name]))
    assert hint in message
    assert "evaluation, featurization, inference, ingestion" in message


@pytest.mark.parametrize("option", ["node_names", "tags", "from_inputs", "to_outputs"])
def test_an_unknown_name_is_refused(session, taken, option):
    with pytest.raises(FruitsError, match=r"nosuch|no nodes"):
        session.run(**{option: ["nosuch"]})
    assert taken == {}
