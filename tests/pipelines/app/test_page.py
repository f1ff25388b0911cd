"""The app in a real Chromium, as a person with a phone meets it."""

import base64
import hashlib
import io
import json
import subprocess
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from browser import DESKTOP, served
from PIL import Image, ImageDraw
from playwright.sync_api import expect
from runs import ROOT, SAMPLE

from fruits_kedro.datasets.app import StaticFolderDataset
from fruits_kedro.model.engine import Engine
from fruits_kedro.model.phone import NoPhoneModel
from fruits_kedro.parameters import AppParameters
from fruits_kedro.parameters.facts import FactBook, FruitFacts
from fruits_kedro.photos.decoding import decode
from fruits_kedro.pipelines.app.nodes import build_app
from fruits_kedro.pipelines.app.predicting import Predictor

from .phones import Phone, film

BANANA = sorted((SAMPLE / "Test" / "Banana").glob("*.jpg"))[0]
SHOP = ROOT.parent / "shared" / "data" / "shop"
AXE = "axe-core@4.14.1"
PARAMETERS = AppParameters(candidates=3, candidate_floor=0.1)
HOSTILE = (
    "<img src=x onerror=\"document.title='taken'\">",
    "'\"></option></select><b>bold</b>",
    "\u202etfel ot thgir\u202c \u0628\u0631\u062a\u0642\u0627\u0644",
    "x" * 300,
    "../../up",
)
READ_ZIP = """async () => {
    const bytes = new Uint8Array(await (await fruits.corrections()).arrayBuffer());
    return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
}"""


def draw_nothing(path: Path) -> Path:
    """A picture that shows no fruit: text on stripes."""
    image = Image.new("RGB", (400, 400), "white")
    pen = ImageDraw.Draw(image)
    for n in range(0, 400, 20):
        pen.rectangle((n, 0, n + 9, 400), fill=(20, 20, 90))
        pen.text((10, n), "invoice 2026 " * 8, fill=(255, 255, 0))
    image.save(path)
    return path


@pytest.fixture(scope="module")
def pictures(model, tmp_path_factory) -> dict[str, Path]:
    """A photograph of each verdict; the unsure one is two fruits mixed until it is."""
    folder = tmp_path_factory.mktemp("pictures")
    found = {"sure": BANANA, "unknown": draw_nothing(folder / "nothing.png")}
    predictor = Predictor(model, FactBook(), PARAMETERS, 10**8)
    assert predictor.predict(found["unknown"].read_bytes())["verdict"] == "unknown"
    mixed = folder / "mixed.png"
    for first in sorted((SAMPLE / "Test").iterdir()):
        for second in sorted((SAMPLE / "Test").iterdir()):
            pair = [Image.open(sorted(f.glob("*.jpg"))[0]).convert("RGB") for f in (first, second)]
            Image.blend(pair[0].resize((100, 100)), pair[1].resize((100, 100)), 0.5).save(mixed)
            answer = predictor.predict(mixed.read_bytes())
            if answer["verdict"] == "unsure" and len(answer["candidates"]) > 1:
                return found | {"unsure": mixed}
    raise AssertionError("no photograph is unsure")


@pytest.fixture(scope="module")
def phone(launch, url) -> Phone:
    """One phone without a camera, for what only needs photographs."""
    return launch().open(url)


def build(folder: Path, model, facts: dict) -> Path:
    """An app of another model or other facts, in a folder of its own."""
    files = build_app(model, FactBook.model_validate(facts), {}, {}, PARAMETERS)
    StaticFolderDataset(filepath=str(folder)).save(files)
    return folder


# --- the camera ----------------------------------------------------------------------------------


def filming(launch, folder: Path, picture: Image.Image, fill: float = 0.9) -> Phone:
    """A phone whose camera shows a picture."""
    return launch(*film(picture, folder, fill), permissions=["camera"])


HIDE = "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
HIDE += " document.dispatchEvent(new Event('visibilitychange')); }"


def test_a_banana_in_front_of_the_camera_is_named_with_its_facts(launch, url, tmp_path):
    """The camera is off while the page is hidden, and once the photograph is taken."""
    phone = filming(launch, tmp_path, Image.open(BANANA)).open(url)
    page = phone.page
    page.wait_for_selector("#finder:not([hidden])")
    page.evaluate(HIDE, True)
    assert page.evaluate("document.getElementById('video').srcObject.active") is False
    page.evaluate(HIDE, False)
    page.wait_for_selector("#finder:not([hidden])")
    assert page.evaluate("document.getElementById('video').srcObject.active") is True
    expect(page.locator("#hint")).to_have_text("Banana")
    page.click("#shutter")
    result = phone.result()
    assert (result["label"], result["verdict"]) == ("Banana", "sure")
    assert page.inner_text("#result h2") == "Banana"
    shown = page.inner_text("#result")
    for part in ("Musa", "Musaceae", "Cavendish", "Source: Plants of the World Online"):
        assert part in shown
    assert page.evaluate("document.getElementById('video').srcObject.active") is False
    assert page.evaluate("document.activeElement.tagName") == "H2"
    assert phone.errors == []


def test_a_camera_that_shows_no_fruit_names_none(launch, url, pictures, tmp_path):
    phone = filming(launch, tmp_path, Image.open(pictures["unknown"]), fill=1).open(url)
    phone.page.click("#shutter:not([disabled])")
    assert phone.result()["verdict"] == "unknown"
    assert phone.page.locator("#result li").count() == 3
    phone.go("camera")
    phone.page.wait_for_timeout(1500)
    assert phone.page.inner_text("#hint") == ""


REFUSED = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")
INSECURE = ("--host-resolver-rules=MAP fruits.example 127.0.0.1",)


@pytest.mark.parametrize(
    ("options", "state"),
    [((), "cameraNone"), (REFUSED, "cameraRefused"), (INSECURE, "cameraInsecure")],
)
def test_without_a_camera_photographs_are_chosen(launch, url, options, state):
    phone = launch(*options)
    phone.open(url.replace("localhost", "fruits.example") if options == INSECURE else url)
    phone.page.wait_for_selector(f"#state[data-key={state}]")
    assert phone.page.locator("#drop").is_visible()
    assert phone.choose(BANANA)["label"] == "Banana"
    if options == INSECURE:
        assert phone.page.inner_text("#offline") == ""


def test_a_black_camera_is_said_and_the_chooser_stays(launch, url, tmp_path):
    phone = filming(launch, tmp_path, Image.new("RGB", (640, 480)), fill=4 / 3).open(url)
    phone.page.wait_for_selector("#state[data-key=cameraBlack]")
    assert phone.page.locator("#pick").is_visible()


# --- results -------------------------------------------------------------------------------------


def test_an_unsure_answer_offers_candidates_that_open(phone, pictures):
    assert phone.choose(pictures["unsure"])["verdict"] == "unsure"
    page = phone.page
    assert 2 <= page.locator("#result details summary").count() <= 3
    page.locator("#result summary").first.click()
    assert page.locator("#result details[open] dt").count() == 5


def test_a_photograph_chosen_while_the_model_loads_is_named(launch, url):
    phone = launch().open(url, ready=False)
    phone.page.wait_for_selector("#state[data-key]")
    assert phone.choose(BANANA)["label"] == "Banana"


def test_a_camera_that_fails_late_hides_no_message(launch, url, tmp_path):
    (tmp_path / "letter.jpg").write_text("a letter")
    phone = launch().open(url)
    phone.go("known")
    fail_late = (
        "() => new Promise((_, reject) => { window.failCamera = () => reject(new Error()); })"
    )
    phone.page.evaluate(f"void (navigator.mediaDevices.getUserMedia = {fail_late})")
    phone.go("camera")
    phone.page.set_input_files("#file", str(tmp_path / "letter.jpg"))
    phone.page.wait_for_selector("#state[data-key=unreadable]")
    phone.page.evaluate("failCamera()")
    phone.page.wait_for_timeout(200)
    assert phone.page.get_attribute("#state", "data-key") == "unreadable"


def classify(phone: Phone, path: Path) -> dict:
    """What the engine and the page make of a file, without the screens."""
    content = base64.b64encode(path.read_bytes()).decode()
    script = """async content => {
        const bytes = Uint8Array.from(atob(content), c => c.charCodeAt(0));
        const answer = await fruits.classify(new Blob([bytes]), 'squash');
        return {...answer, ...fruits.judge(answer)};
    }"""
    return phone.page.evaluate(script, content)


def test_the_app_says_what_the_product_says(phone, model):
    paths = sorted((SAMPLE / "Test").glob("*/*.jpg"))[:: 5 if SHOP.exists() else 2]
    paths += sorted(SHOP.glob("*/*.jpg"))[::17] if SHOP.exists() else []
    engine, predictor = Engine(model.content), Predictor(model, FactBook(), PARAMETERS, 10**8)
    differ = []
    for number, path in enumerate(paths):
        ours, theirs = classify(phone, path), predictor.predict(path.read_bytes())
        assert ours["verdict"] == theirs["verdict"], path.name
        if ours["said"] != theirs["label"]:
            differ.append((path.name, ours["said"], theirs["label"]))
        if number % 5 == 0 and path.is_relative_to(SAMPLE):
            expected = engine(decode(path.read_bytes(), model.card.image_size, True))
            assert max(abs(expected[:-1] - ours["probabilities"])) < 1e-5
            assert abs(expected[-1] - ours["score"]) < 1e-2
    assert len(paths) >= 100
    assert len(differ) <= 2, differ


# --- corrections ---------------------------------------------------------------------------------


def test_corrections_become_folders_that_the_product_takes(launch, url, pictures, tmp_path):
    phone = launch().open(url)
    phone.choose(BANANA)
    phone.correct("Mango")
    phone.choose(pictures["unknown"])
    phone.correct("Something new …", "../Star fruit")
    phone.choose(pictures["unsure"])
    content = base64.b64decode(phone.page.evaluate(READ_ZIP))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    taken = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.jpg"))
    assert [path.split("/")[0] for path in taken] == ["Mango", "Star fruit"]
    [session] = {path.split("/")[1].split("_")[0] for path in taken}
    assert session.startswith("r")
    with Image.open(tmp_path / taken[0]) as image:
        assert (image.size, image.format, dict(image.getexif())) == ((100, 100), "JPEG", {})
    notes = json.loads((tmp_path / "corrections.json").read_text())
    assert (notes[0]["said"], notes[0]["truth"]) == ("Banana", "Mango")
    assert {"probability", "score", "model", "when", "verdict"} <= notes[0].keys()
    phone.go("fruits")
    expect(phone.page.locator("#fruits .thing")).to_have_count(3)


def test_one_photograph_is_deleted_and_comes_back_and_all_are_deleted(launch, url):
    phone = launch().open(url)
    for _ in range(2):
        phone.choose(BANANA)
    phone.go("fruits")
    page, things = phone.page, phone.page.locator("#fruits .thing")
    expect(things).to_have_count(2)
    things.first.get_by_role("button").click()
    expect(things).to_have_count(1)
    page.locator("#notice button").click()
    expect(things).to_have_count(2)
    things.first.locator("a").click()
    assert phone.result()["label"] == "Banana"
    phone.go("fruits")
    page.locator("#fruits .danger").click()
    page.locator("dialog .danger").click()
    expect(things).to_have_count(0)


FULL = "IDBObjectStore.prototype.put = () => { throw new DOMException('', 'QuotaExceededError'); }"
BLOCKED = "indexedDB.open = () => { throw new DOMException('', 'SecurityError'); }"


@pytest.mark.parametrize(
    ("script", "notice"), [(FULL, "could not be kept"), (BLOCKED, "keeps nothing")]
)
def test_a_full_or_blocked_storage_is_said_and_the_fruit_is_named(launch, url, script, notice):
    phone = launch()
    phone.page.add_init_script(script)
    phone.open(url)
    assert phone.choose(BANANA)["label"] == "Banana"
    assert notice in phone.page.inner_text("#notice")


def test_a_cleared_storage_begins_anew(launch, url):
    phone = launch().open(url)
    phone.choose(BANANA)
    page = phone.page
    page.wait_for_selector("html[data-offline=true]")
    clear = page.context.new_cdp_session(page)
    clear.send("Storage.clearDataForOrigin", {"origin": url.rstrip("/"), "storageTypes": "all"})
    phone.open(url)
    assert phone.choose(BANANA)["label"] == "Banana"
    phone.go("fruits")
    expect(page.locator("#fruits .thing")).to_have_count(1)


# --- offline, private ----------------------------------------------------------------------------


def test_the_app_works_offline_and_asks_only_its_own_origin(launch, site):
    phone = launch()
    with served(site) as url:
        phone.open(url)
        phone.page.wait_for_selector("html[data-offline=true]", timeout=60_000)
        assert phone.page.inner_text("#offline") == "Works offline."
        big = [r for r in phone.requests if r.endswith((".tflite", ".wasm"))]
        assert len(big) == len({*big}) * 2  # the page's request, and the one of its service worker
    phone.page.reload()  # the server is gone
    phone.page.wait_for_selector("html[data-ready]")
    assert phone.choose(BANANA)["label"] == "Banana"
    assert {
        request for request in phone.requests if not request.startswith(("blob:", url))
    } == set()


def test_an_update_is_offered_and_keeps_what_did_not_change(launch, files, tmp_path):
    folder = StaticFolderDataset(filepath=str(tmp_path / "app"))
    folder.save(files)
    with served(tmp_path / "app") as url:
        phone = launch().open(url)
        phone.page.wait_for_selector("html[data-offline=true]")
        worker = files["sw.js"].decode()
        changed = files["app.css"] + b"\n:root { --version: 2; }\n"
        old, new = (_listed(content) for content in (files["app.css"], changed))
        folder.save(files | {"app.css": changed, "sw.js": worker.replace(old, new).encode()})
        phone.requests.clear()
        phone.page.reload()
        phone.page.wait_for_selector("#notice button")
        asked = {request.removeprefix(url) for request in phone.requests}
        assert "/app.css" in asked
        with phone.page.expect_navigation():
            phone.page.locator("#notice button").click()
        phone.page.wait_for_selector("html[data-ready]")
        style = "getComputedStyle(document.documentElement).getPropertyValue('--version')"
        assert phone.page.evaluate(style).strip() == "2"


def _listed(content: bytes) -> str:
    return f'["{hashlib.sha256(content).hexdigest()}", {len(content)}]'


# --- words, names, people ------------------------------------------------------------------------


def test_every_language_says_everything(phone):
    tables = phone.page.evaluate("import('./words.js').then(module => module.WORDS)")
    assert set(tables) == {"en", "fr"}
    for words in tables.values():
        assert words.keys() == tables["en"].keys()
    used = phone.page.evaluate(
        "[...document.querySelectorAll('[data-say]')].map(e => e.dataset.say)"
    )
    assert set(used) <= tables["en"].keys()


def test_french_is_spoken_and_remembered(launch, url):
    phone = launch(locale="fr-FR").open(url)
    assert phone.page.get_attribute("html", "lang") == "fr"
    phone.choose(BANANA)
    assert phone.page.inner_text("#result h2") == "Banane"
    assert "importée des tropiques" in phone.page.inner_text("#result")
    phone.page.select_option("#language", "en")
    assert phone.page.inner_text("#result h2") == "Banana"
    phone.page.reload()
    assert phone.page.get_attribute("html", "lang") == "en"


def test_hostile_labels_and_facts_are_text(launch, model, tmp_path):
    labels = (*HOSTILE, *model.card.labels[len(HOSTILE) :])
    facts = {name: [f"{HOSTILE[0]} {name}", "S"] for name in FruitFacts.model_fields}
    book = {"sources": {"S": HOSTILE[1]}, "fruits": dict.fromkeys(HOSTILE[:3], facts)}
    hostile = replace(
        model, card=replace(model.card, labels=labels, sure_from=0.0, outlier_beyond=None)
    )
    with served(build(tmp_path / "app", hostile, book)) as url:
        phone = launch().open(url)
        phone.go("known")
        for summary in phone.page.locator("#known summary").all():
            summary.click()
        phone.choose(BANANA)
        phone.page.locator("#result .row .second").click()
        page = phone.page
        assert page.title() == "Fruits"
        assert page.locator("img[src=x], main b").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert phone.errors == []


def test_no_model_for_a_phone_is_said_and_facts_stay(launch, tmp_path):
    pairs = {name: [f"text of {name}", "S"] for name in FruitFacts.model_fields}
    book = {"sources": {"S": "a source"}, "fruits": {"Apple": pairs}}
    none = NoPhoneModel("A random forest has no file for a phone.")
    with served(build(tmp_path / "app", none, book)) as url:
        phone = launch().open(url, ready=False)
        phone.page.wait_for_selector("#state[data-key=noModel]")
        assert "random forest" in phone.page.inner_text("#state")
        phone.go("known")
        phone.page.locator("#known summary").first.click()
        assert "text of taste" in phone.page.inner_text("#known")
        assert phone.errors == []


def test_a_model_without_calibration_offers_candidates_only(launch, model, tmp_path):
    card = replace(model.card, sure_from=None, outlier_beyond=None)
    with served(build(tmp_path / "app", replace(model, card=card), {})) as url:
        phone = launch().open(url)
        assert phone.choose(BANANA)["verdict"] == "unsure"
        assert "too few photographs" in phone.page.inner_text("#result")


def test_a_model_of_the_studio_is_not_certain_elsewhere(launch, url, pictures, tmp_path):
    phone = launch()
    studio = {"calibrated_for": "studio"}
    phone.page.route("**/app.json", lambda r: r.fulfill(json=r.fetch().json() | studio))
    phone.open(url)
    judged = """studio => {
        const probabilities = fruits.about.card.labels.map((_, n) => +(n === 3));
        return fruits.judge({probabilities, score: 0, studio}).verdict;
    }"""
    assert [phone.page.evaluate(judged, studio) for studio in (True, False)] == ["sure", "unsure"]


@pytest.fixture(scope="module")
def axe(tmp_path_factory) -> str:
    """The script of axe-core, from npm."""
    folder = tmp_path_factory.mktemp("axe")
    try:
        subprocess.run(
            ["npm", "pack", AXE], cwd=folder, check=True, capture_output=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"{AXE} cannot be fetched by npm: {error}")
    [archive] = folder.glob("*.tgz")
    with tarfile.open(archive) as contents:
        file = contents.extractfile("package/axe.min.js")
        assert file is not None
        return file.read().decode()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_on_any_screen(launch, url, pictures, axe, scheme):
    phone = launch(color_scheme=scheme, reduced_motion="reduce").open(url)

    def violations() -> list[str]:
        found = phone.page.evaluate(f"(() => {{ {axe} }})(), axe.run()")
        assert len(found["passes"]) > 10
        return [f"{v['id']}: {n['html'][:120]}" for v in found["violations"] for n in v["nodes"]]

    assert violations() == []
    for path in pictures.values():
        phone.choose(path)
        assert violations() == []
    phone.page.locator("#result .row .second").click()
    assert violations() == []
    for view in ("fruits", "known"):
        phone.go(view)
        phone.page.wait_for_selector(f"#{view} h2")
        assert violations() == []
    assert phone.errors == []


def test_a_person_without_a_pointer_reaches_everything(launch, url):
    phone = launch(viewport=DESKTOP, is_mobile=False, has_touch=False).open(url)
    reached = set()
    for _ in range(8):
        phone.page.keyboard.press("Tab")
        reached.add(phone.page.evaluate("document.activeElement.id || document.activeElement.hash"))
    assert {"#camera", "#known", "language", "file", "to-fruits"} <= reached
