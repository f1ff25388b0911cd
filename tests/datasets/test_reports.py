"""Reports are written whole, or not at all, and only where they say something new."""

import json
import os
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from fruits_kedro.datasets import (
    CsvDataset,
    JpegReportDataset,
    JsonReportDataset,
    PageReportDataset,
    PlotlyReportDataset,
)

KINDS = {
    "json": JsonReportDataset,
    "plotly": PlotlyReportDataset,
    "csv": CsvDataset,
    "page": PageReportDataset,
    "jpeg": JpegReportDataset,
}


def content(kind: str, number: int = 1) -> Any:
    if kind == "json":
        return {"label": "Käse", "rows": number}
    if kind == "page":
        return f"<p>Käse {number}</p>\n"
    if kind == "jpeg":
        return f"the bytes of picture {number}".encode()
    if kind == "csv":
        return pd.DataFrame({"label": ["Käse", "a,b", "007", "nan"], "rows": [number, 2, 3, 4]})
    return go.Figure(go.Bar(x=["Käse"], y=[number]))


def dataset_of(kind: str, uri: Path | str) -> Any:
    if kind == "csv":
        return CsvDataset(filepath=str(uri), text=["label"])
    return KINDS[kind](filepath=str(uri))


def same(found: Any, expected: Any) -> bool:
    if isinstance(expected, go.Figure):
        return bool(found.to_dict() == expected.to_dict())
    if isinstance(expected, pd.DataFrame):
        return bool(found.equals(expected))
    return bool(found == expected)


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return str(request.param)


@pytest.fixture(params=["disk", "file uri", "memory"])
def uri(request, tmp_path) -> str:
    path = f"{tmp_path}/08_reporting/report"
    schemes = {"disk": path, "file uri": f"file://{path}"}
    return schemes.get(request.param, f"memory:///{uuid.uuid4().hex}/report")


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "report"


def test_a_save_replaces_what_was_there_and_loads_back(kind, uri):
    dataset = dataset_of(kind, uri)
    assert not dataset.exists()
    dataset.save(content(kind, 1000))
    dataset.save(content(kind, 2))
    assert dataset_of(kind, uri).exists()
    assert same(dataset_of(kind, uri).load(), content(kind, 2))


def test_unchanged_content_is_not_written_again(kind, path):
    dataset = dataset_of(kind, path)
    dataset.save(content(kind))
    os.utime(path, ns=(1, 1))
    before = path.stat()
    dataset.save(content(kind))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, 1)
    dataset.save(content(kind, 2))
    assert path.stat().st_mtime_ns != 1


BAD = {
    "page": 7,
    "json": {"share": object()},
    "csv": "no table",
    "plotly": "no figure",
    "jpeg": "no bytes",
}


@pytest.mark.parametrize("disk_is_full", [True, False])
def test_what_cannot_be_written_leaves_the_old_file(kind, path, monkeypatch, disk_is_full):
    dataset = dataset_of(kind, path)
    dataset.save(content(kind))
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    if disk_is_full:
        monkeypatch.setattr("fruits_kedro.storage.files.os.fsync", full)
    with pytest.raises(Exception, match=r"serializ|attribute|bytes-like|No space left on device"):
        dataset.save(content(kind, 2) if disk_is_full else BAD[kind])
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["report"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_json_does_not_have_are_refused(path, value):
    dataset = JsonReportDataset(filepath=str(path))
    with pytest.raises(Exception, match="JSON compliant"):
        dataset.save({"accuracy": value})
    assert not path.exists()


def test_json_and_csv_are_utf_8_as_people_read_it(path):
    JsonReportDataset(filepath=str(path)).save({"label": "Käse"})
    assert path.read_bytes() == '{\n "label": "Käse"\n}'.encode()
    dataset_of("csv", path).save(content("csv"))
    assert path.read_text().splitlines() == ["label,rows", "Käse,1", '"a,b",2', "007,3", "nan,4"]


def test_a_label_like_a_formula_is_neutralised_in_the_file_and_comes_back(path):
    labels = ["=1+1", "'=1+1", "-", "a=b"]
    dataset = dataset_of("csv", path)
    dataset.save(pd.DataFrame({"label": labels, "rows": range(4)}))
    assert path.read_text().splitlines()[1:] == ["'=1+1,0", "''=1+1,1", "'-,2", "a=b,3"]
    assert dataset.load().label.tolist() == labels


def test_kedro_viz_previews_text_and_figures(tmp_path):
    shown = {}
    for kind in ("json", "plotly"):
        dataset = dataset_of(kind, tmp_path / kind)
        dataset.save(content(kind))
        shown[kind] = dataset.preview()
    assert json.loads(shown["json"]) == content("json")
    assert same(go.Figure(shown["plotly"]), content("plotly"))


def test_what_may_be_missing_loads_as_nothing(path):
    assert JsonReportDataset(filepath=str(path), missing_ok=True).load() == {}
    table = CsvDataset(filepath=str(path), text=["label"], missing_ok=True).load()
    assert (len(table), list(table.columns)) == (0, ["label"])


@pytest.fixture
def bucket(monkeypatch) -> Iterator[Any]:
    """A bucket of an object store on loopback."""
    import boto3
    from moto.server import ThreadedMotoServer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    client = boto3.client("s3", endpoint_url=endpoint)
    place = {"LocationConstraint": "eu-west-1"}
    client.create_bucket(Bucket="results", CreateBucketConfiguration=place)
    yield client
    server.stop()


def test_a_page_on_an_object_store_opens_by_a_signed_url(bucket):
    """A browser shows what is called a page, and saves what is not."""
    dataset_of("page", "s3://results/report.html").save(content("page"))
    named = {"Bucket": "results", "Key": "report.html"}
    signed = bucket.generate_presigned_url("get_object", Params=named, ExpiresIn=60)
    with urllib.request.urlopen(signed) as answer:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.read().decode() == content("page")
