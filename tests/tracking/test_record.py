"""What of a run is recorded: what tells runs apart, and nothing for each of many labels."""

from fruits_kedro.hooks.recording.record import metrics_of, parameters_of, run_name


def test_parameters_have_dotted_names_and_no_places():
    values = {
        "storage": "/x",
        "tracking": "http://anna:hush@host",
        "reduction": {"k": 300, "map": {"seed": 42}},
    }
    assert dict(parameters_of(values)) == {"reduction.k": "300", "reduction.map.seed": "42"}


def test_numbers_of_reports_are_metrics_but_not_one_per_label():
    reports = {
        "metrics": {
            "accuracy": 0.5,
            "classifier": "forest",
            "rows": {"test": 4},
            "per_label": {"Kiwi": {"f1": 1.0}},
        },
        "evaluation": {"capture": {"mean": 0.25, "folds": {"r*": {"accuracy": 0.25}}}},
        "ingestion_report": {"kept": 7, "kept_by_label": {"Kiwi": 7}},
    }
    assert metrics_of(reports, "now") == {
        "accuracy": 0.5,
        "rows/test": 4.0,
        "evaluation/capture/mean": 0.25,
        "evaluation/capture/folds/r_/accuracy": 0.25,
        "photographs/kept": 7.0,
        "seconds/total": 0.0,
    }


def test_only_the_seconds_of_this_run_count():
    stages = {
        "ingestion": {"run": "now", "seconds": 1.5, "nodes": {}},
        "inference": {"run": "before", "seconds": 9.0, "nodes": {}},
    }
    measured = metrics_of({"timings": {"seconds": 1.5, "pipelines": stages}}, "now")
    assert measured == {"seconds/ingestion": 1.5, "seconds/total": 1.5}


def test_a_run_is_called_by_what_it_was_told():
    given = {"images": "/x", "featurization": {"precision": "int8"}}
    assert run_name(["__default__"], given) == "precision=int8"
    assert run_name(["evaluation"], {}) == "evaluation, as configured"
