"""The commands of Kedro and its plugins on this project, as a user types them."""

from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from click.testing import CliRunner, Result
from kedro.framework.cli.cli import KedroCLI
from runs import PIPELINES, output

from fruits_kedro.hooks.session import FruitsSession
from fruits_kedro.storage import garbage
from fruits_kedro.storage.lock import lock_of


class Commands:
    """Types ``kedro`` commands in a project's folder, in this process: a new one takes a second."""

    def __init__(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(project)
        monkeypatch.setenv("DO_NOT_TRACK", "1")
        # A command line of tests is theirs to interrupt.
        monkeypatch.setattr("fruits_kedro.cli.end_on_signals", lambda **_: None)
        self._kedro = KedroCLI(project)

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(self._kedro, list(words))

    def output(self, *words: str) -> str:
        """What a command that succeeds prints."""
        result = self(*words)
        assert result.exit_code == 0, result.output
        return result.output

    def sentence(self, *words: str) -> str:
        """The one sentence that a refused command prints before it exits with 1."""
        result = self(*words)
        assert result.exit_code == 1, result.output
        assert isinstance(result.exception, SystemExit), result.exception
        lines = [line for line in result.output.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, result.output
        assert result.output.rstrip().endswith(lines[0]), "nothing follows the sentence"
        return lines[0].removeprefix("Error: ")


@pytest.fixture
def kedro(project, monkeypatch) -> Commands:
    for name in ("FRUITS_IMAGES", "FRUITS_STORAGE", "KEDRO_ENV"):
        monkeypatch.delenv(name, raising=False)
    return Commands(project, monkeypatch)


def parameters(**values: object) -> str:
    return "--params=" + ",".join(f"{name}={value}" for name, value in values.items())


def test_pipelines_and_their_nodes_are_listed(kedro):
    assert set(yaml.safe_load(kedro.output("registry", "list"))) >= set(PIPELINES)
    assert "fit_reducer" in kedro.output("registry", "describe", "reduction")


def test_the_package_is_a_program(project):
    text = output(project, "python", "-m", "fruits_kedro", "--help")
    assert "--pipeline" in text
    assert "--params" in text


STARTED = """
import sys
from kedro.framework.cli import main

sys.argv = ["kedro", *sys.argv[1:]]
try:
    main()
except SystemExit:
    print(sorted({"boto3", "botocore", "mlflow", "pyspark", "tensorflow"} & set(sys.modules)))
"""


@pytest.mark.skipif(find_spec("kedro_mlflow") is not None, reason="the plugin imports MLflow")
def test_a_command_starts_without_what_takes_seconds_to_import(project):
    text = output(project, "python", "-c", STARTED, "registry", "list")
    assert "classification" in text
    assert text.splitlines()[-1] == "[]"


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--env=eemr"], "emr"),
        (["--params=nonsense"], "name=value"),
        (["--params==5"], "name=value"),
        (["--params=images=[x"], "parameters file"),
        (["--params=images=${x}"], "--params"),
        (["--params=reduction.kk=5"], "reduction.k?"),
        (["--params=reduction=5"], "group of parameters"),
        (["--params=storage=foo://x"], "s3:// URI"),
        (["--pipelines=reducton"], "reduction?"),
        (["--nodes=nosuch"], "registry describe"),
        (["--runner=ParallelRunner"], "--runner"),
        (["--runner=ThreadRunner"], "--runner"),
        (["--runner=NoSuchRunner"], "SequentialRunner"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_wrong_option_is_refused_before_anything_starts(kedro, tmp_path, words, hint):
    storage = tmp_path / "storage"
    message = kedro.sentence("run", parameters(storage=storage), *words)
    assert hint in message
    assert not storage.exists()


def test_a_missing_image_folder_is_named(kedro, tmp_path):
    gone = tmp_path / "gone"
    options = parameters(images=gone, storage=tmp_path / "storage")
    message = kedro.sentence("run", "--pipelines=ingestion", options)
    assert str(gone) in message
    assert "--params=images=" in message


def test_parameters_may_be_given_more_than_once(kedro, monkeypatch):
    given: dict[str, object] = {}
    create = FruitsSession.create
    noted = lambda **options: given.update(options) or create(**options)  # noqa: E731
    monkeypatch.setattr(FruitsSession, "create", noted)
    words = ("--params=reduction.k=5,images=/a", "--params=split.seed=7", "--params=reduction.k=0")
    kedro.sentence("run", *words)
    expected = {"reduction": {"k": 0}, "images": "/a", "split": {"seed": 7}}
    assert given["runtime_params"] == expected


# --- care for the storage ------------------------------------------------------------------------

PLANS = [
    SimpleNamespace(table="images", removed=2, kept=7, folders=("/photos/Apple",)),
    SimpleNamespace(table="features", removed=0, kept=7, folders=()),
]


@pytest.fixture
def removed(monkeypatch) -> list[object]:
    """What was removed, of a storage with garbage."""
    done: list[object] = []
    remove = lambda catalog, plans: done.extend(plans) or {"images": 5_000_000}  # noqa: E731
    monkeypatch.setattr(garbage, "plan_garbage", lambda catalog: PLANS)
    monkeypatch.setattr(garbage, "remove_garbage", remove)
    return done


def test_garbage_is_shown_and_removed_with_yes(kedro, removed, tmp_path):
    words = ("fruits", "gc", parameters(storage=tmp_path))
    shown = kedro(*words).output
    assert "images: 2 rows" in shown
    assert "/photos/Apple" in shown
    assert "--yes" in kedro.sentence(*words)
    assert removed == []
    assert "5.0 MB" in kedro.output(*words, "--yes")
    assert removed == PLANS


def test_garbage_waits_for_a_run_that_writes(kedro, removed, tmp_path):
    lock = lock_of(str(tmp_path))
    lock.acquire()
    try:
        words = ("fruits", "gc", "--yes", parameters(storage=tmp_path))
        assert str(tmp_path) in kedro.sentence(*words)
    finally:
        lock.release()
    assert removed == []


@pytest.mark.parametrize("words", [("fruits", "mlflow"), ("mlflow", "ui")])
def test_the_page_of_recorded_runs_is_served_for_the_configured_place(
    kedro, monkeypatch, tmp_path, words
):
    file = tmp_path / "runs.db"
    started: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr("fruits_kedro.cli.os.execve", lambda _, *given: started.append(given))
    option = parameters(tracking=f"sqlite:///{file}")
    assert "kedro run" in kedro.sentence(*words, option)
    file.touch()
    kedro.output(*words, option, "--port=5001")
    [(arguments, environment)] = started
    assert arguments[1:4] == ["-m", "mlflow", "server"]
    assert "5001" in arguments
    assert not [argument for argument in arguments if str(file) in argument], "may hold a password"
    assert environment["MLFLOW_BACKEND_STORE_URI"] == f"sqlite:///{file}"


def test_a_tracking_server_is_opened_in_the_browser(kedro, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr("fruits_kedro.cli.webbrowser.open", opened.append)
    text = kedro.output("fruits", "mlflow", parameters(tracking="http://anna:hush@host:5000"))
    assert opened == ["http://anna:hush@host:5000"]
    assert "hush" not in text
    assert "tracking" in kedro.sentence("fruits", "mlflow", parameters(tracking="off"))
