"""The command line of a run, and what is read of it afterwards."""

import json
from pathlib import Path

import pytest
import yaml
from kedro.config import OmegaConfigLoader

from bench.kedro_run import (
    CONVERSION,
    FEATURIZATION,
    MAP,
    base_spark_setting,
    copy_conf,
    kedro_command,
    read_evaluation,
    summarise_timings,
)
from bench.parts.rounds import REDUCTION_NODES
from bench.processes import PartFailedError
from fruits_kedro.pipelines import featurization, reduction
from fruits_kedro.settings import CONFIG_LOADER_ARGS


def test_parameters_and_storage_are_one_option():
    command = kedro_command(
        Path("/s"), {"images": Path("/i"), "featurization.scaled_decoding": True}, ["--nodes=a,b"]
    )
    assert Path(command[0]).name == "kedro"
    assert command[1:] == [
        "run",
        "--nodes=a,b",
        "--params=images=/i,featurization.scaled_decoding=true,augmentation.copies=0,storage=/s",
    ]


def stage(run: str, **nodes: float) -> dict[str, object]:
    return {"run": run, "seconds": sum(nodes.values()), "nodes": nodes}


def test_conversion_map_and_report_are_taken_out_of_the_whole_job():
    timings = {
        "pipelines": {
            "ingestion": stage("r1", label_listing=5.0),
            "featurization": stage("r1", make_backbone=12.0, compute_features=60.0),
            "reduction": stage(
                "r1", fit_reducer_on_train=3.0, place_map_points=3.5, plot_tsne_map=0.5
            ),
            "reporting": stage("r1", render_report=6.0),
        }
    }
    summary = summarise_timings(timings, wall=96.0)
    stages = {"ingestion": 5.0, "featurization": 72.0, "reduction": 7.0, "reporting": 6.0}
    assert summary["stages"] == stages
    assert summary["nodes"]["compute_features"] == 60.0
    assert summary["conversion"] == 12.0
    assert (summary["map"], summary["report"]) == (4.0, 6.0)
    assert summary["whole"] == 74.0
    assert summary["outside"] == 6.0


def test_calibration_belongs_to_the_conversion():
    timings = {
        "pipelines": {
            "featurization": stage("r1", sample_calibration_pixels=2.0, make_backbone=12.0)
        }
    }
    assert summarise_timings(timings, wall=20.0)["conversion"] == 14.0


def test_what_an_earlier_run_measured_is_left_out():
    timings = {
        "pipelines": {
            "ingestion": stage("2026-11-22T10.00.00.000Z", label_listing=5.0),
            "featurization": stage("2026-11-22T11.00.00.000Z", compute_features=60.0),
        }
    }
    summary = summarise_timings(timings, wall=61.0)
    assert summary["stages"] == {"featurization": 60.0}
    assert summary["nodes"] == {"compute_features": 60.0}


def test_the_nodes_that_are_named_exist():
    pipeline = featurization.create_pipeline() + reduction.create_pipeline()
    known = {node.name for node in pipeline.nodes}
    assert {CONVERSION[-1], *MAP, FEATURIZATION, *REDUCTION_NODES} <= known


def test_a_copy_of_the_configuration_has_the_settings_asked_for(project, tmp_path):
    options = f"{base_spark_setting('spark.driver.extraJavaOptions')} -Xlog:gc"
    conf = copy_conf(
        tmp_path / "conf",
        {"spark.master": "local[1,4]", "spark.driver.extraJavaOptions": options},
    )
    settings = OmegaConfigLoader(str(conf), **CONFIG_LOADER_ARGS)["spark"]
    plain = yaml.safe_load((project / "conf" / "base" / "spark.yml").read_text())
    assert settings["spark.master"] == "local[1,4]"
    assert settings["spark.driver.extraJavaOptions"].endswith(" -Xlog:gc")
    assert "${" not in settings["spark.driver.extraJavaOptions"]
    assert settings.keys() == plain.keys()


def write_report(storage: Path, name: str, content: object) -> None:
    (storage / "08_reporting").mkdir(parents=True, exist_ok=True)
    (storage / "08_reporting" / f"{name}.json").write_text(json.dumps(content))


def test_an_evaluation_gives_folder_and_capture(tmp_path):
    report = {"folder": {"accuracy": 0.99}, "random": {}, "capture": {"mean": 0.88, "folds": {}}}
    write_report(tmp_path, "evaluation", report)
    assert read_evaluation(tmp_path) == {"folder": 0.99, "capture": 0.88}


def test_an_evaluation_that_was_left_out_is_unknown(tmp_path):
    left_out = {"left_out": "no folders"}
    write_report(tmp_path, "evaluation", {"folder": left_out, "capture": left_out})
    assert read_evaluation(tmp_path) == {"folder": None, "capture": None}


def test_a_report_that_is_missing_is_named(tmp_path):
    with pytest.raises(PartFailedError, match=r"evaluation\.json"):
        read_evaluation(tmp_path)
