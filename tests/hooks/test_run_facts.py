"""What the report says about the run that made it."""

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from fruits_kedro.hooks.telling import RUN_FACTS, differing_parameters


def test_parameters_that_differ_are_named_with_both_values():
    """In any order: Kedro merges files of parameters in the order of a set."""
    default = {"a": {"b": 1, "c": [1, 2]}, "d": "x"}
    used = {"images": "/photos", "d": "x", "a": {"b": 2, "c": [1, 2]}}
    assert differing_parameters(default, used) == [
        {"name": "a.b", "value": "2", "default": "1"},
        {"name": "images", "value": "/photos", "default": "not set"},
    ]


def test_a_run_hands_its_nodes_what_only_it_knows(project, tmp_path):
    bootstrap_project(project)
    parameters = {"storage": str(tmp_path), "reduction": {"k": 0.9}}
    with KedroSession.create(project, runtime_params=parameters) as session:
        facts = session.load_context().catalog.load(RUN_FACTS)
    assert facts["environment"] == "local"
    assert [row["name"] for row in facts["parameters"]] == ["reduction.k", "storage"]
    assert {"fruits-kedro", "python", "pyspark", "kedro"} <= facts["versions"].keys()
