"""What the report says about the run that made it."""

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from fruits_kedro.pipelines.reporting.run_facts import DATASET, differing_parameters, gather_facts


def test_parameters_that_differ_are_named_with_both_values():
    default = {"a": {"b": 1, "c": [1, 2]}, "d": "x"}
    used = {"a": {"b": 2, "c": [1, 2]}, "d": "x", "images": "/photos"}
    assert differing_parameters(default, used) == [
        {"name": "a.b", "value": "2", "default": "1"},
        {"name": "images", "value": "/photos", "default": "not set"},
    ]


def test_the_order_of_files_does_not_matter():
    """Kedro merges files of parameters in the order of a set: a report was made anew for it."""
    used = {"reduction": {"k": 9}, "classification": {"reg_param": 0.5}}
    turned = dict(reversed(used.items()))
    assert differing_parameters({}, used) == differing_parameters({}, turned)


def test_a_run_hands_its_nodes_what_only_it_knows(project, tmp_path):
    bootstrap_project(project)
    parameters = {"storage": str(tmp_path), "reduction": {"k": 0.9}}
    with KedroSession.create(project, runtime_params=parameters) as session:
        facts = session.load_context().catalog.load(DATASET)
    assert facts["environment"] == "local"
    assert [row["name"] for row in facts["parameters"]] == ["reduction.k", "storage"]
    assert {"fruits-kedro", "python", "pyspark", "kedro"} <= facts["versions"].keys()


@pytest.mark.parametrize(
    ("seconds", "inferred", "rate", "run"),
    [(4.0, 800, 200.0, "now"), (4.0, 0, None, "now"), (None, 5, None, None)],
)
def test_photographs_per_second_are_those_of_the_network(seconds, inferred, rate, run):
    node = {"run": "now", "seconds": 9.0, "nodes": {"compute_features": seconds}}
    timings = {"pipelines": {"featurization": node}} if seconds else {}
    facts = gather_facts({}, {"images": "/photos"}, {"inferred": inferred}, timings)
    assert (facts["images_per_second"], facts["run"]) == (rate, run)
