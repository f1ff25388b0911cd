"""Reports are written whole, or not at all, and only where they say something new."""

import json
import os
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import boto3
import pandas as pd
import plotly.graph_objects as go
import pytest
from aws import aws

from fruits_kedro.datasets import (
    CsvDataset,
    JpegReportDataset,
    JsonReportDataset,
    PageReportDataset,
    PlotlyReportDataset,
    reports,
)

KINDS = {
    "json": JsonReportDataset,
    "plotly": PlotlyReportDataset,
    "csv": CsvDataset,
    "page": PageReportDataset,
    "jpeg": JpegReportDataset,
}
BAD = {
    "page": 7,
    "json": {"share": float("nan")},
    "csv": "no table",
    "plotly": "no figure",
    "jpeg": "no bytes",
}


def content(kind: str, number: int = 1) -> Any:
    table = {"label": ["Käse", "a,b", "007", "nan", "=1+1"], "rows": [number, 2, 3, 4, 5]}
    return {
        "json": {"label": "Käse", "rows": number},
        "page": f"<p>Käse {number}</p>\n",
        "jpeg": f"the bytes of picture {number}".encode(),
        "csv": pd.DataFrame(table),
        "plotly": go.Figure(go.Bar(x=["Käse"], y=[number])),
    }[kind]


def dataset_of(kind: str, uri: Path | str) -> Any:
    options = {"text": ["label"]} if kind == "csv" else {}
    return KINDS[kind](filepath=str(uri), **options)


def same(found: Any, expected: Any) -> bool:
    return bool(found.equals(expected) if isinstance(found, pd.DataFrame) else found == expected)


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return str(request.param)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "report"


@pytest.mark.parametrize("scheme", ["", "file://", "memory://"])
def test_a_save_replaces_what_was_there_and_loads_back(kind, tmp_path, scheme):
    uri = f"{scheme}{tmp_path}/08_reporting/{uuid.uuid4().hex}"
    dataset = dataset_of(kind, uri)
    assert not dataset.exists()
    assert dataset.snapshot_id() is None
    dataset.save(content(kind, 1000))
    first = dataset.snapshot_id()
    dataset.save(content(kind, 2))
    again = dataset_of(kind, uri)
    assert again.exists()
    assert same(again.load(), content(kind, 2))
    assert again.snapshot_id() == dataset.snapshot_id() not in (first, None)


@pytest.mark.parametrize("hashed_bytes", [reports.HASHED_BYTES, 0])
def test_damage_that_keeps_size_and_time_is_noticed(path, monkeypatch, hashed_bytes):
    monkeypatch.setattr(reports, "HASHED_BYTES", hashed_bytes)
    dataset = dataset_of("page", path)
    dataset.save("first")
    before, times = dataset.snapshot_id(), path.stat()
    path.write_text("fIrst")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert dataset.snapshot_id() != before


def test_unchanged_content_is_not_written_again(kind, path):
    dataset = dataset_of(kind, path)
    dataset.save(content(kind))
    os.utime(path, ns=(1, 1))
    before = path.stat()
    dataset.save(content(kind))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, 1)
    dataset.save(content(kind, 2))
    assert path.stat().st_mtime_ns != 1


def test_what_cannot_be_written_leaves_the_old_file(kind, path):
    dataset = dataset_of(kind, path)
    dataset.save(content(kind))
    before = path.read_bytes()
    with pytest.raises(Exception, match=r"JSON compliant|attribute|bytes-like"):
        dataset.save(BAD[kind])
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["report"]


def test_files_are_utf_8_as_people_read_it_and_formulas_are_neutralised(path):
    JsonReportDataset(filepath=str(path)).save({"label": "Käse"})
    assert path.read_bytes() == '{\n "label": "Käse"\n}'.encode()
    dataset_of("csv", path).save(content("csv"))
    lines = ["label,rows", "Käse,1", '"a,b",2', "007,3", "nan,4", "'=1+1,5"]
    assert path.read_text().splitlines() == lines


@pytest.mark.parametrize("kind", ["json", "plotly"])
def test_kedro_viz_previews_text_and_figures(path, kind):
    dataset = dataset_of(kind, path)
    assert dataset.preview() is None
    dataset.save(content(kind))
    shown = dataset.preview()
    assert (go.Figure(shown) if kind == "plotly" else json.loads(shown)) == content(kind)


def test_what_may_be_missing_loads_as_nothing(path):
    assert JsonReportDataset(filepath=str(path), missing_ok=True).load() == {}
    table = CsvDataset(filepath=str(path), text=["label"], missing_ok=True).load()
    assert (len(table), list(table.columns)) == (0, ["label"])


def test_a_page_on_an_object_store_opens_by_a_signed_url():
    """A browser shows what is called a page, and saves what is not."""
    with aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="results")
        dataset = dataset_of("page", "s3://results/report.html")
        dataset.save(content("page"))
        named = {"Bucket": "results", "Key": "report.html"}
        signed = client.generate_presigned_url("get_object", Params=named, ExpiresIn=60)
        with urllib.request.urlopen(signed) as answer:
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert answer.read().decode() == content("page")
        assert dataset.snapshot_id() == client.head_object(**named)["ETag"]
