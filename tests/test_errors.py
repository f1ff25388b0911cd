"""What a new user gets wrong: one sentence that says what, where and how to mend it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from runs import (
    BIN,
    SAMPLE,
    TRAIN_NAMES,
    UNFINISHED,
    Job,
    command,
    copy_photos,
    copy_project,
    new_job,
    whole_run,
)

from fruits_kedro import FruitsError

TWO_LABELS = [f"Training/{label}/{n}_100.jpg" for label in ("Apple", "Corn") for n in range(2)]


@pytest.fixture(scope="module")
def whole(spark, tmp_path_factory) -> Job:
    return whole_run(tmp_path_factory.getbasetemp())


@pytest.fixture
def job(spark, tmp_path) -> Job:
    return new_job(tmp_path)


def sentence(job: Job, *pipelines: str, **parameters: Any) -> str:
    """What a failing run tells."""
    with pytest.raises(FruitsError) as error:
        job.run(*pipelines, **parameters)
    message = error.value.message
    assert "\n" not in message
    assert message.endswith(".")
    return message


# --- on the command line -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    return copy_project(tmp_path_factory.mktemp("copy"))


def told(project: Path, *words: str) -> str:
    """The one sentence a command prints before it exits with 1."""
    result = command(project, *words)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    assert not result.stderr.split(lines[0], 1)[1].strip(), "nothing follows the sentence"
    return lines[0].removeprefix("Error: ")


def parameters(**values: object) -> str:
    return "--params=" + ",".join(f"{name}={value}" for name, value in values.items())


def test_a_missing_image_folder(copy, tmp_path):
    gone, storage = tmp_path / "gone", tmp_path / "storage"
    message = told(copy, "kedro", "run", parameters(images=gone, storage=storage))
    assert message.startswith(f"The image folder {gone} does not exist")
    assert "--params=images=" in message
    assert not list(storage.glob("0*")), "nothing is computed before the folder is looked for"


def test_an_unknown_parameter(copy, tmp_path):
    name = {"reduction.kk": 5}
    message = told(copy, "kedro", "run", parameters(storage=tmp_path / "storage", **name))
    assert message.startswith("Wrong parameters: reduction.kk is unknown, did you mean reduction.k")
    assert not (tmp_path / "storage").exists()


WITHOUT_JAVA = {"PATH": str(BIN), "JAVA_HOME": None}
"""What is wrong is told before a JVM could start."""


@pytest.mark.parametrize(
    ("words", "start"),
    [
        (["--env=eemr"], "There is no environment eemr in "),
        (["--params=nonsense"], "--params cannot be read (Invalid format of `params` option: Item"),
        (["--params==5"], "--params cannot be read (Invalid format of `params` option: Parameter"),
        (["--params=images=[x"], "--params cannot be read (while parsing a flow sequence)"),
        (["--params=images=${x}"], "The configuration of parameters cannot be read (Interpol"),
        (["--params=reduction=5"], "Wrong parameters: reduction is 5: it is a group of parameters"),
        (["--params=storage=foo://x"], "Wrong parameters: storage is 'foo://x': give a folder or"),
        (["--pipelines=reducton"], "There is no pipeline reducton, did you mean reduction?"),
        (["--nodes=nosuch"], "Nothing can be run (Pipeline does not contain nodes named"),
        (["--tags=nosuch"], "Nothing can be run (Pipeline contains no nodes after applying"),
        (["--from-inputs=nosuch"], "Nothing can be run (Pipeline does not contain datasets named"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_wrong_option_is_told_before_anything_starts(copy, words, start):
    result = command(copy, "kedro", "run", *words, **WITHOUT_JAVA)
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.strip().splitlines()[-1].startswith(f"Error: {start}")
    assert not list((copy / "data").glob("0*"))


def test_a_wrong_spark_setting_is_told_before_anything_starts(copy, tmp_path):
    shutil.copytree(copy / "conf", tmp_path / "conf")
    (tmp_path / "conf" / "local").mkdir(exist_ok=True)
    (tmp_path / "conf" / "local" / "spark.yml").write_text("spark.driver.memory: 4gg\n")
    options = [f"--conf-source={tmp_path / 'conf'}", parameters(storage=tmp_path / "storage")]
    result = command(copy, "kedro", "run", *options, **WITHOUT_JAVA)
    assert result.returncode == 1, result.stderr
    assert result.stderr.strip().splitlines()[-1] == (
        "Error: Wrong configuration: spark.driver.memory is '4gg': give a size such as 512m or 4g."
    )
    assert not (tmp_path / "storage").exists()


def test_a_single_label(copy, tmp_path):
    job = new_job(tmp_path)
    copy_photos(TWO_LABELS[:2], job.images)
    options = parameters(images=job.images, storage=job.storage)
    message = told(copy, "kedro", "run", "--pipelines=ingestion", options)
    assert message.startswith(f"{job.images} holds photographs of one label only, Apple")


def test_the_packaged_program_tells_errors_alike(copy, tmp_path):
    options = parameters(images=tmp_path / "gone", storage=tmp_path / "storage")
    message = told(copy, "python", "-m", "fruits_kedro", "--pipelines=ingestion", options)
    assert message.startswith(f"The image folder {tmp_path / 'gone'} does not exist")


# --- photographs ---------------------------------------------------------------------------------


def test_an_empty_image_folder(job):
    message = sentence(job, "ingestion")
    assert message.startswith(f"There are no photographs in {job.images} (0 other files)")


def test_an_image_folder_of_other_files(job):
    (job.images / "Apple").mkdir()
    for name in ("notes.txt", "more.TXT"):
        (job.images / "Apple" / name).write_text("no photograph")
    message = sentence(job, "ingestion")
    assert message.startswith(f"There are no photographs in {job.images} (2 other files)")


@pytest.mark.parametrize("folder", ["", "Training/"])
def test_photographs_without_label_folders(job, folder):
    (job.images / folder).mkdir(exist_ok=True)
    for n in range(3):
        source = SAMPLE / f"Training/Apple/{n}_100.jpg"
        shutil.copyfile(source, job.images / folder / f"{n}.jpg")
    message = sentence(job, "ingestion")
    assert message.startswith(f"No photograph in {job.images} lies in a folder named after")
    assert "--pipelines=inference" in message


def test_too_many_bad_files(job):
    copy_photos(TWO_LABELS, job.images)
    for n in range(5):
        (job.images / "Training" / "Apple" / f"bad{n}.jpg").write_text(f"no photograph {n}")
    message = sentence(job, "ingestion")
    assert message.startswith(f"5 of 9 files in {job.images} are bad (5 not_an_image)")
    assert "ingestion.max_bad_share=0.5" in message


def test_as_many_bad_files_as_allowed(job):
    copy_photos(TWO_LABELS, job.images)
    for n in range(4):
        (job.images / "Training" / "Apple" / f"bad{n}.jpg").write_text(f"no photograph {n}")
    job.run("ingestion")
    report = job.report("ingestion")
    assert (report["kept"], report["rejected"]) == (4, 4)


def test_bad_files_among_good_ones_do_not_stop_the_run(whole):
    apple = "Training/Apple/"
    found = {row.path: row for row in whole.rows("photographs", "path", "status", "reason")}
    states = [found[whole.path(apple + name)] for name in (*UNFINISHED, "misnamed.jpg")]
    assert [(row.status, row.reason) for row in states] == [
        ("rejected", "empty_file"),
        ("rejected", "not_an_image"),
        ("kept", None),  # its header is whole; decoding tells
        ("kept", None),
    ]
    assert whole.report("featurization")["undecodable_files"] == [
        [whole.path(apple + "truncated.jpg"), "undecodable"]
    ]
    predicted = {row.path for row in whole.rows("predictions", "path")}
    assert whole.path(apple + "misnamed.jpg") in predicted
    assert whole.path(apple + "truncated.jpg") not in predicted


def test_fewer_photographs_than_components_lower_k_with_a_warning(whole):
    train = len([row for row in whole.rows("splits") if row.split == "train"])
    assert train == 6 * len(TRAIN_NAMES) + 1
    rows = 2 * train  # each with one copy
    assert whole.report("metrics")["k"] == rows - 1
    lowered = f"reduction.k=300 lowered to {rows - 1}: there are {rows} train rows"
    assert [text for text in whole.warnings if text.startswith(lowered)]


# --- parameters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [0, -3, 1281])
def test_an_impossible_number_of_components(job, k):
    message = sentence(job, reduction={"k": k})
    assert message.startswith(f"Wrong parameters: reduction.k is {k}: give a number of components")


@pytest.mark.parametrize(
    ("group", "name", "choices"),
    [
        ("split", "method", ("auto", "folder", "random")),
        ("classification", "classifier", ("logistic_regression", "random_forest")),
    ],
)
def test_an_unknown_choice(job, group, name, choices):
    message = sentence(job, **{group: {name: "best"}})
    assert message.startswith(f"Wrong parameters: {group}.{name} is 'best'")
    assert all(choice in message for choice in choices)


def test_an_unknown_parameter_among_known_ones(job):
    message = sentence(job, ingestion={"max_bad_shares": 0.1}, split={"seeds": 1})
    assert "ingestion.max_bad_shares is unknown, did you mean ingestion.max_bad_share" in message
    assert "split.seeds is unknown, did you mean split.seed" in message


def test_split_folders_asked_for_and_not_there(whole, tmp_path):
    from pyspark.sql import functions as F

    job = whole.fork(tmp_path)
    photographs = job.load("photographs").withColumn("split", F.lit("train"))
    job.catalog().save("photographs", photographs)
    message = sentence(job, "featurization", split={"method": "folder"})
    assert message.startswith("split.method is folder, and the folders name train")
    assert "split.method=random" in message


# --- what is missing -----------------------------------------------------------------------------


@pytest.mark.parametrize("pipeline", ["inference", "reduction", "classification", "evaluation"])
def test_a_pipeline_before_any_run(job, pipeline):
    copy_photos(TWO_LABELS, job.images)
    message = sentence(job, pipeline)
    assert message.startswith(f"There is nothing at {job.storage}/")
    assert "kedro run" in message


def test_a_missing_weights_file(whole, tmp_path):
    job, weights = whole.fork(tmp_path), tmp_path / "gone.weights.h5"
    message = sentence(job, "featurization", featurization={"weights": str(weights)})
    assert message.startswith(f"featurization.weights names {weights}, which is no file")
    assert "'shipped'" in message


def test_a_weights_file_of_something_else(whole, tmp_path):
    job, weights = whole.fork(tmp_path), tmp_path / "other.weights.h5"
    weights.write_text("no weights")
    message = sentence(job, "featurization", featurization={"weights": str(weights)})
    assert message.startswith(f"TensorFlow could not convert the weights {weights}")
