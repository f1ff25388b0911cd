"""What Spark is told of S3: only where it is needed, from the standard AWS environment."""

import hashlib

import pytest
from fruits_kedro.s3 import jars, s3a

from fruits_kedro import FruitsError
from fruits_kedro.cluster.session import _all_settings, configure
from fruits_kedro.storage.s3_client import client_options

PLACES = ["s3://bucket/photos", "s3://bucket/results"]
ENDPOINT = "http://127.0.0.1:9000"


@pytest.fixture(autouse=True)
def environment(monkeypatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("PYSPARK_GATEWAY_PORT", "SPARK_HOME", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(s3a, "s3a_jars", lambda: ["/jars/a.jar", "/jars/b.jar"])


def test_a_local_run_is_told_nothing():
    assert s3a.s3a_settings(["/photos", "file:///results", "memory://x"]) == {}


@pytest.mark.parametrize("places", [PLACES, ["/photos", PLACES[1]], [PLACES[0], "/results"]])
def test_a_run_on_s3_gets_a_committer_without_rename_and_the_jars(places):
    settings = s3a.s3a_settings(places)
    assert settings["spark.hadoop.fs.s3a.committer.name"] == "magic"
    assert settings["spark.jars"] == "/jars/a.jar,/jars/b.jar"
    assert "spark.hadoop.fs.s3a.endpoint" not in settings
    assert not [name for name in settings if "key" in name or "secret" in name]


def test_on_emr_everything_is_left_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(s3a, "_EMR", str(tmp_path))
    assert s3a.s3a_settings(PLACES) == {}


def test_a_session_that_runs_already_gets_no_jars(monkeypatch):
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    settings = s3a.s3a_settings(PLACES)
    assert "spark.jars" not in settings
    assert settings["spark.hadoop.fs.s3a.committer.name"] == "magic"


def test_a_spark_that_brings_s3a_gets_no_jars(monkeypatch, tmp_path):
    (tmp_path / "jars").mkdir()
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    assert "spark.jars" in s3a.s3a_settings(PLACES)
    (tmp_path / "jars" / "hadoop-aws-3.4.1.jar").touch()
    assert "spark.jars" not in s3a.s3a_settings(PLACES)


@pytest.mark.parametrize(("url", "tls"), [(ENDPOINT, "false"), ("https://store:9000", "true")])
def test_an_endpoint_of_the_environment_reaches_spark_and_its_executors(monkeypatch, url, tls):
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    settings = s3a.s3a_settings(PLACES)
    hadoop = {k.removeprefix("spark.hadoop.fs.s3a."): v for k, v in settings.items()}
    assert hadoop["endpoint"] == url
    assert hadoop["path.style.access"] == "true"
    assert hadoop["connection.ssl.enabled"] == tls
    assert hadoop["endpoint.region"] == "us-east-1"
    assert settings["spark.executorEnv.AWS_ENDPOINT_URL"] == url


def test_the_region_reaches_both_clients(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    settings = s3a.s3a_settings(PLACES)
    assert settings["spark.hadoop.fs.s3a.endpoint.region"] == "eu-west-3"
    assert client_options(PLACES[0])["client_kwargs"] == {"region_name": "eu-west-3"}


def test_python_reaches_an_endpoint_by_path(monkeypatch):
    assert "s3" not in client_options(PLACES[0])["config_kwargs"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", ENDPOINT)
    assert client_options(PLACES[0])["config_kwargs"]["s3"] == {"addressing_style": "path"}
    assert client_options("/photos") == client_options("memory://x") == {}


def test_what_spark_yml_says_comes_first_and_its_jars_stay():
    name = "spark.hadoop.fs.s3a.committer.name"
    configure({name: "directory", "spark.jars": "/own.jar"}, PLACES)
    try:
        settings = _all_settings()
    finally:
        configure({})
    assert settings[name] == "directory"
    assert settings["spark.jars"] == "/own.jar,/jars/a.jar,/jars/b.jar"


# --- the jars ------------------------------------------------------------------------------------

COORDINATE = "org.example:thing:1.0"


@pytest.fixture
def served(monkeypatch) -> dict[str, bytes]:
    """What a Maven repository has, instead of one."""
    content = {COORDINATE: b"a jar"}

    def retrieve(coordinates, to) -> None:
        to.mkdir()
        for coordinate in coordinates:
            _, module, version = coordinate.split(":")
            (to / f"{module}-{version}.jar").write_bytes(content[coordinate])

    monkeypatch.setattr(jars, "retrieve", retrieve)
    return content


def test_jars_are_fetched_once(monkeypatch, tmp_path, served):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(jars, "_pinned", lambda: {COORDINATE: hashlib.sha256(b"a jar").hexdigest()})
    [jar] = jars.s3a_jars()
    assert jar.read_bytes() == b"a jar"
    served.clear()
    assert jars.s3a_jars() == [jar]


def test_another_jar_than_the_one_that_was_tried_is_refused(tmp_path, served):
    with pytest.raises(FruitsError, match=r"org\.example:thing:1\.0 .* sha256 differs"):
        jars.fetch({COORDINATE: "0" * 64}, tmp_path / "jars")
    assert list(tmp_path.iterdir()) == []
