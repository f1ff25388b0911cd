"""The setting ``tracking``: off, a file or a server, and never a password in what is shown."""

from pathlib import Path

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from fruits_kedro import FruitsError
from fruits_kedro.hooks.recording.setting import Tracking, tracking_of

PLACES = {"images": "s3://photos/fruits", "storage": "s3://results/run"}


@pytest.fixture
def configured(project, monkeypatch):
    """Where an environment records with a variable and a parameter, as a run has it."""
    monkeypatch.delenv("FRUITS_TRACKING", raising=False)
    bootstrap_project(project)

    def load(environment: str = "local", variable: str = "", **parameters: object):
        monkeypatch.setenv("FRUITS_TRACKING", variable)
        values = {**PLACES, **parameters}
        with KedroSession.create(project, env=environment, runtime_params=values) as session:
            context = session.load_context()
            return tracking_of(context.config_loader, Path(context.project_path))

    return load


def test_a_laptop_records_in_a_file_of_the_project(configured, project):
    tracking = configured()
    assert tracking.database == project / "mlruns" / "mlflow.db"
    assert tracking.shown == str(project / "mlruns" / "mlflow.db")


def test_a_cluster_records_nothing_by_itself(configured):
    assert configured("emr") is None
    assert configured("emr", "http://host:5000").uri == "http://host:5000"


@pytest.mark.parametrize("value", ["off", False])
def test_recording_can_be_switched_off(configured, value):
    assert configured(tracking=value) is None
    assert configured(variable="off") is None


def test_a_parameter_comes_before_a_variable(configured):
    tracking = configured(variable="http://by-variable", tracking="http://by-parameter")
    assert tracking.uri == "http://by-parameter"
    assert tracking.told["mlflow"]["server"]["mlflow_tracking_uri"] == tracking.uri


@pytest.mark.parametrize("value", ["http://anna:hush@host:5000", "postgresql+x://a:hush@host/db"])
def test_a_password_is_kept_and_not_shown(configured, value):
    tracking: Tracking = configured(variable=value)
    assert "hush" in tracking.uri
    assert "hush" not in tracking.shown


@pytest.mark.parametrize("value", [True, 5, "mlruns", "sqlite:///", "ftp://anna:hush@host"])
def test_anything_else_is_told(configured, value):
    with pytest.raises(FruitsError, match=r"tracking is .*: give off, sqlite:///FILE") as error:
        configured(tracking=value)
    assert "hush" not in error.value.message
