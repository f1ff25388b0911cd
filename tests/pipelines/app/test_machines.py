"""What programs ask: ``kedro fruits predict``, ``kedro fruits app`` and its server."""

import asyncio
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from corpus import Rejected, kinds
from runs import BIN, ROOT, SAMPLE, command
from starlette.testclient import TestClient

from fruits_kedro.parameters import AppParameters
from fruits_kedro.parameters.facts import FactBook, FruitFacts
from fruits_kedro.photos.reasons import SENTENCES, Reason
from fruits_kedro.pipelines.app import server
from fruits_kedro.pipelines.app.predicting import PhotographError, Predictor
from fruits_kedro.pipelines.app.server import MAX_BYTES, create_server

BANANA = sorted((SAMPLE / "Test" / "Banana").glob("*.jpg"))[0]
JPEG = {"Content-Type": "image/jpeg"}
PARAMETERS = AppParameters(candidates=3, candidate_floor=0.1)


@pytest.fixture(scope="module")
def predictor(model) -> Predictor:
    pairs = {name: (f"a {name}", "S") for name in FruitFacts.model_fields}
    book = FactBook.model_validate({"sources": {"S": "a source"}, "fruits": {"Banana": pairs}})
    return Predictor(model, book, PARAMETERS, max_pixels=1_000_000)


@pytest.fixture(scope="module")
def client(predictor, files) -> TestClient:
    return TestClient(create_server(files, predictor), base_url="http://localhost")


# --- the answer ----------------------------------------------------------------------------------


def test_an_answer_has_a_verdict_candidates_and_facts(predictor):
    answer = predictor.predict(BANANA.read_bytes())
    named = [answer[name] for name in ("label", "verdict", "name")]
    assert named == ["Banana", "sure", "a common_name"]
    assert answer["candidates"][0]["label"] == "Banana"
    assert answer["facts"]["taste"] == {"text": "a taste", "source": "a source"}


@pytest.mark.parametrize(
    ("sure_from", "outlier_beyond", "floor", "verdict"),
    [
        (0.0, None, 0.1, "sure"),
        (None, None, 0.1, "unsure"),
        (None, None, 0.9999999, "unknown"),
        (0.0, -1.0, 0.1, "unknown"),
    ],
)
def test_verdicts_follow_the_card(predictor, sure_from, outlier_beyond, floor, verdict):
    card = replace(predictor.model.card, sure_from=sure_from, outlier_beyond=outlier_beyond)
    parameters = AppParameters(candidates=3, candidate_floor=floor)
    other = replace(predictor, model=replace(predictor.model, card=card), parameters=parameters)
    assert other.predict(BANANA.read_bytes())["verdict"] == verdict


def test_what_no_run_keeps_is_refused_with_its_sentence(predictor):
    """Each reason has one: a TIFF that is not trusted was a stack trace."""
    refused = {Reason.NOT_AN_IMAGE, Reason.NOT_TRUSTED, Reason.UNDECODABLE}
    files = {kind.outcome.reason: kind for kind in kinds() if isinstance(kind.outcome, Rejected)}
    for reason in refused:
        with pytest.raises(PhotographError, match=re.escape(SENTENCES[reason])):
            predictor.predict(files[reason].content)
    with pytest.raises(PhotographError, match="more pixels"):
        replace(predictor, max_pixels=99).predict(BANANA.read_bytes())


# --- the command ---------------------------------------------------------------------------------


def fruits(storage: Path, *words: str) -> Any:
    """``kedro fruits`` on a storage, to its end."""
    return command(ROOT, "kedro", "fruits", *words, FRUITS_STORAGE=str(storage))


def refused(storage: Path, *words: str) -> str:
    """The one sentence that a command is refused with."""
    result = fruits(storage, *words)
    [sentence] = result.stderr.strip().splitlines()
    assert result.returncode == 1
    return sentence


def test_predict_answers_each_file_in_turn(storage, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(BANANA.read_bytes()[:300])
    words = [str(BANANA), str(SAMPLE), str(tmp_path / "broken.jpg"), str(tmp_path / "none.jpg")]
    result = fruits(storage, "predict", *words)
    assert result.returncode == 1
    assert f"{BANANA}: Banana, sure" in result.stdout
    assert "Musaceae" in result.stdout
    refused = result.stderr.splitlines()
    assert [line.split(": ")[0] for line in refused] == words[1:]
    answers = json.loads(fruits(storage, "predict", "--json", *words).stdout)
    assert [answer["path"] for answer in answers] == words
    assert answers[0]["verdict"] == "sure"
    assert all(answer["reason"] for answer in answers[1:])


@pytest.mark.parametrize("words", [("predict", str(BANANA)), ("app",)])
def test_without_a_run_one_sentence_says_what_to_do(tmp_path, words):
    sentence = refused(tmp_path, *words)
    assert "kedro run" in sentence
    assert "--params=storage=" in sentence


def test_predict_loads_neither_spark_nor_tensorflow_nor_other_pipelines(storage):
    code = (
        "import sys; from fruits_kedro.cli import cli\n"
        f"cli(['fruits', 'predict', {str(BANANA)!r}], standalone_mode=False)\n"
        "heavy = {'pyspark', 'tensorflow', 'mlflow', 'fruits_kedro.pipelines.reporting'}\n"
        "print(heavy & set(sys.modules))"
    )
    start = "from kedro.framework.startup import bootstrap_project; bootstrap_project('.')\n"
    result = command(
        ROOT, Path(sys.executable).name, "-c", start + code, FRUITS_STORAGE=str(storage)
    )
    assert result.stdout.splitlines()[-1] == "set()", result.stderr


# --- the server ----------------------------------------------------------------------------------


def test_the_server_answers_like_the_command(client, predictor):
    response = client.post("/predict", content=BANANA.read_bytes(), headers=JPEG)
    assert response.status_code == 200
    assert response.json() == predictor.predict(BANANA.read_bytes())


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"a letter", "text/plain", 415),
        (b"a letter", "image/jpeg", 422),
        (b"", "image/jpeg", 422),
        (bytes(MAX_BYTES + 1), "image/jpeg", 413),
    ],
)
def test_what_is_no_photograph_is_refused_with_a_sentence(client, content, kind, status):
    response = client.post("/predict", content=content, headers={"Content-Type": kind})
    assert response.status_code == status
    assert response.json()["error"].endswith(".")


def test_a_body_without_a_length_is_read_no_further_than_allowed(predictor):
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1_000_000
            yield bytes(1_000_000)

    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(create_server({}, predictor))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.post("/predict", content=endless(), headers=JPEG)

    assert asyncio.run(answer()).status_code == 413
    assert read <= MAX_BYTES + 1_000_000


def test_the_page_is_served_and_kept_by_its_content(client, files):
    for path in ("/", "/runtime/litert.js", "/runtime/litert_wasm_compat_internal.wasm"):
        response = client.get(path)
        assert response.content == files[path[1:] or "index.html"]
        again = client.get(path, headers={"If-None-Match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert response.headers["content-type"] == "application/wasm"
    assert client.get("/../secret").status_code == 404
    assert client.get("/predict").status_code == 404


def test_without_a_model_the_page_is_served_and_photographs_are_not(client, files, model):
    health = {"status": "ok", "model": model.sha256, "labels": len(model.card.labels)}
    assert client.get("/healthz").json() == health
    client = TestClient(create_server(files, None))
    assert client.post("/predict", content=BANANA.read_bytes(), headers=JPEG).status_code == 503
    assert client.get("/healthz").json()["model"] is None
    assert client.get("/").status_code == 200


def test_a_name_of_another_site_is_refused(files, predictor):
    guarded = create_server(files, predictor, ("localhost",))
    assert TestClient(guarded, base_url="http://evil.example").get("/healthz").status_code == 400


@pytest.fixture(scope="module")
def running(storage) -> Iterator[str]:
    """The address of ``kedro fruits app``, as a user starts it."""
    process = subprocess.Popen(
        [BIN / "kedro", "fruits", "app", "--port=0"],
        cwd=ROOT,
        env=os.environ | {"FRUITS_STORAGE": str(storage)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://localhost:\d+", process.stdout.readline())
        assert found is not None
        yield found[0]
    finally:
        process.terminate()
        process.wait(30)


def test_500_photographs_of_8_clients_are_all_answered(running, predictor):
    photographs = [path.read_bytes() for path in sorted((SAMPLE / "Test").glob("*/*.jpg"))[::12]]
    expected = [predictor.predict(content)["label"] for content in photographs]

    def ask(number: int) -> bool:
        content = photographs[number % len(photographs)]
        request = urllib.request.Request(f"{running}/predict", content, JPEG)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["label"] == expected[number % len(photographs)]

    with ThreadPoolExecutor(8) as clients:
        assert all(clients.map(ask, range(500)))


def test_a_taken_port_is_one_sentence(running, storage):
    port = running.rpartition(":")[2]
    refused(storage, "app", f"--port={port}")


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "http://localhost:"), ("0.0.0.0", "Other devices open http://192.0.2.7:")],
)
def test_the_address_is_one_that_can_be_opened(monkeypatch, capsys, host, shown):
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: sockets[0].close())
    monkeypatch.setattr(server, "own_address", lambda: "192.0.2.7")
    server.serve({}, None, host, 0)
    said = capsys.readouterr().out
    assert shown in said
    assert "http://0.0.0.0" not in said


def test_the_server_stores_nothing(running, storage):
    before = sorted(storage.rglob("*"))
    request = urllib.request.Request(f"{running}/predict", b"no photograph", JPEG)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(request)
    assert sorted(storage.rglob("*")) == before
