"""The page in a real Chromium: what it shows, and that names are nothing but text."""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser import DESKTOP, PHONE, Opened, launched
from browser import opened as opened_in
from report_pages import PARAMETERS, make_page

from fruits_kedro.pipelines.reporting.report.page import as_script_json, shorten

HOSTILE = (
    "</script><script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "'\"><b>bold</b>{{ 7 * 7 }}",
    "a & b <!-- \u2028 c",
    "ordinary",
)
LEFT_OUT = {"left_out": "there are no Training and Test folders"}
SCORES = {"accuracy": 0.9, "macro_f1": 0.8, "train_rows": 20, "test_rows": 10}
EVALUATION = {
    "folder": LEFT_OUT,
    "random": SCORES,
    "capture": {"mean": 0.71, "folds": {"plain": SCORES, "r": LEFT_OUT}},
    "cluttered": {"mean": 0.61, "folds": {"plain": SCORES}},
}


SCORED = {"accuracy": 0.65, "top_3": 0.9, "sure": 0.4, "right_if_sure": 0.95, "outliers": 0.02}
GAINS = [{"label": name, "gain": 0.1 - n / 100} for n, name in enumerate(("Kiwi", "Plum", "Mango"))]
CURVE = [{"photographs": n, "accuracies": [0.2, 0.3 + n / 100, 0.6]} for n in (0, 2, 5, 10, 20)]
SHOP = {"rows": 211, **SCORED, "curve": CURVE, "gains": [*GAINS, {"label": "Fig", "gain": 0}]}
FEW = {"rows": 9, **SCORED, "right_if_sure": None, "curve": [], "gains": []}
OWN = {"places": {"shop": SHOP, HOSTILE[0]: FEW, "cellar": LEFT_OUT}}


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    """Opens a page in the one browser of this module, and waits until it is drawn."""
    with launched() as browser:

        @contextmanager
        def ready(url: str, **options: Any) -> Iterator[Opened]:
            with opened_in(url, browser=browser, **options) as shown:
                shown.page.wait_for_selector("html[data-ready=yes]", timeout=120_000)
                yield shown

        yield ready


def write(folder: Path, page: str) -> str:
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("hostile")
    return write(folder, make_page(folder, HOSTILE, evaluation=EVALUATION, mistakes=0.5))


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("many")
    return write(folder, make_page(folder, [f"Label number {n}" for n in range(150)], mistakes=0.6))


def drawn_pixels(page, selector: str) -> int:
    """Pixels of a canvas that something was drawn on."""
    script = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
        .data.filter((v, n) => n % 4 === 3 && v > 0).length"""
    return page.eval_on_selector(selector, script)


def assert_quiet(shown, url: str) -> None:
    """Nothing went wrong, and nothing was asked of any network or disk but the page."""
    assert shown.errors == []
    assert {request.split(":")[0] for request in shown.requests} <= {"file", "data"}
    assert [request for request in shown.requests if request.startswith("file")] == [url]


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)])
@pytest.mark.parametrize("name", ["hostile", "many"])
def test_a_page_opens_from_disk_on_a_desk_and_a_phone(opened, request, name, size, dark):
    url = request.getfixturevalue(name)
    with opened(url, dark=dark, **size) as shown:
        assert_quiet(shown, url)
        wide = shown.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"]
        assert drawn_pixels(shown.page, "#map-canvas") > 500


def test_names_are_text_wherever_they_stand(opened, hostile):
    value = {"</script>": ["<!--", "&amp;", "\u2028"]}
    text = as_script_json(value)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value
    with opened(hostile) as shown:
        assert shown.page.title().startswith("Report: ")
        assert shown.page.locator("section b", has_text="bold").count() == 0
        assert shown.page.locator("img[src=x]").count() == 0
        legend = shown.page.locator("#map-legend button span").all_inner_texts()
        assert sorted(legend) == sorted(shorten(name, 40) for name in HOSTILE)
        assert "49" not in shown.page.locator("#labels").inner_text()
        cells = shown.page.locator("#labels tbody th").all_inner_texts()
        shown_names = {" ".join(shorten(name, 60).split()) for name in HOSTILE}
        assert {" ".join(cell.split()) for cell in cells} == shown_names


def test_pointing_at_a_photograph_shows_it(opened, hostile):
    with opened(hostile) as shown:
        page = shown.page
        assert page.locator("#map-tip").is_hidden()
        page.locator("#map-canvas").scroll_into_view_if_needed()
        page.locator("#map-canvas").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("#map-tip canvas[data-drawn]:not([data-drawn=''])")
        by_keys = page.locator("#map-tip").inner_text()
        assert drawn_pixels(page, "#map-tip canvas") == 128 * 128
        page.keyboard.press("Escape")
        assert page.locator("#map-tip").is_hidden()
        box = page.locator("#map-canvas").bounding_box()
        for step in range(400):  # somewhere on the map lies a point
            x, y = (step % 20 + 0.5) / 20, (step // 20 + 0.5) / 20
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if page.locator("#map-tip").is_visible():
                break
        page.wait_for_selector("#map-tip canvas[data-drawn]:not([data-drawn=''])")
        assert re.search(r"\d+\.jpg", page.locator("#map-tip .path").inner_text())
        assert by_keys
        assert_quiet(shown, hostile)


def test_the_legend_isolates_labels_and_mistakes_can_be_picked(opened, many):
    with opened(many) as shown:
        page = shown.page
        count = page.locator("#map-count")
        assert count.inner_text() == "900 of 900 photographs shown"
        page.locator("#map-find").fill("number 77")
        button = page.locator("#map-legend button:visible")
        assert button.count() == 1
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert count.inner_text() == "6 of 900 photographs shown"
        page.locator("#map-wrong").check()
        shown_now = int(count.inner_text().split()[0])
        assert shown_now <= 6
        page.locator("#map-all").click()
        assert int(count.inner_text().split()[0]) > 200
        page.locator("[data-view=pca]").click()
        assert page.locator("[data-view=tsne]").get_attribute("aria-pressed") == "false"
        assert shown.errors == []


def test_a_matrix_of_150_labels_is_read_cell_by_cell(opened, many):
    with opened(many, **PHONE) as shown:
        page = shown.page
        page.locator("#matrix-filter").uncheck()
        assert page.locator("#matrix .left text").count() == 150
        side = page.locator("#matrix .left text").first.evaluate(
            "e => e.getBoundingClientRect().height"
        )
        assert side > 9
        page.locator("#matrix").focus()
        page.keyboard.press("ArrowDown")
        first = page.locator("#matrix-readout").inner_text()
        assert re.match(r"Label number 0: \d of 2 right", first)
        page.keyboard.press("ArrowRight")
        second = page.locator("#matrix-readout").inner_text()
        assert re.match(r"Label number 0 taken for Label number 1: \d of 2", second)
        assert shown.errors == []


def test_the_table_sorts_by_each_column(opened, many):
    with opened(many) as shown:
        column = shown.page.locator("#labels tbody tr td:nth-child(4)")
        button = shown.page.locator("#labels th button", has_text="recall")
        button.click()
        rising = [float(cell) for cell in column.all_inner_texts()]
        assert rising == sorted(rising)
        button.click()
        assert [float(cell) for cell in column.all_inner_texts()] == sorted(rising, reverse=True)
        assert shown.page.locator("th[aria-sort=descending]").inner_text().startswith("recall")


def test_the_splits_stand_side_by_side_with_what_they_mean(opened, hostile, many):
    with opened(many) as shown:
        assert "--pipelines=evaluation" in shown.page.locator("#splits").inner_text()
    with opened(hostile) as shown:
        rows = shown.page.locator("#splits tbody tr").all_inner_texts()
        assert [row.split("\t")[0] for row in rows] == [
            "kept classifier (folder)",
            "folder",
            "random",
            "capture, mean",
            "capture plain",
            "capture r",
            "cluttered, mean",
        ]
        assert "Not measured: there are no Training and Test folders." in rows[1]
        assert "71.00\u00a0%" in rows[3]


def test_every_picture_has_a_text_and_every_control_a_name(opened, hostile):
    with opened(hostile) as shown:
        nameless = """() => [...document.querySelectorAll("img, canvas, [role=img], button, input")]
            .filter(e => !(e.alt || e.ariaLabel || e.textContent.trim() || e.closest("label"))
                && !e.closest("[hidden]")).map(e => e.outerHTML.slice(0, 80))"""
        assert shown.page.evaluate(nameless) == []
        assert shown.page.locator("figure img").count() > 10


def test_without_a_classifier_the_rest_is_there(opened, tmp_path):
    url = write(tmp_path, make_page(tmp_path, ["one label"], each=9, classified=False))
    with opened(url) as shown:
        assert_quiet(shown, url)
        said = shown.page.locator("body").inner_text()
        assert "There is no classifier" in said
        assert "No times were kept." in said
        assert "images per second" not in said
        assert shown.page.locator("#confusions, #labels, #gallery").count() == 0
        assert drawn_pixels(shown.page, "#map-canvas") > 50


def test_a_page_of_large_noise_and_long_names_keeps_its_size(tmp_path):
    small = PARAMETERS.model_copy(update={"page_megabytes": 2.0})
    labels = [chr(0x1F347) * 250 + str(n) for n in range(220)]
    page = make_page(tmp_path, labels, each=3, side=64, parameters=small)
    assert len(page.encode()) <= 2_000_000
    holder = re.search(r'id="data">(.*?)</script>', page, re.S)
    assert holder is not None
    data = json.loads(html.unescape(holder[1]) if "&" in holder[1] else holder[1])
    assert len(data["matrix"]["labels"]) == 200
    assert max(data["map"]["tile"]) == 220 * 3 - 1


@pytest.mark.parametrize(
    ("parameter", "value", "sentence"),
    [
        ("examined", 4, "8 of 18 photographs, drawn by the hash of their content"),
        ("csv_rows", 10, "has 10 of the 18 photographs"),
    ],
)
def test_a_part_of_the_photographs_is_called_one(tmp_path, parameter, value, sentence):
    few = PARAMETERS.model_copy(update={parameter: value})
    page = make_page(tmp_path, ["Apple", "Pear"], each=9, parameters=few)
    assert sentence in page


def test_what_was_understood_comes_first_and_photographs_are_counted_by_origin(opened, tmp_path):
    layout = {"sentences": ["2 labels.", HOSTILE[1]], "warnings": ["Apple and apple look alike."]}
    page = make_page(tmp_path, ["Apple", "Pear"], each=9, layout=layout)
    with opened(write(tmp_path, page)) as shown:
        first = shown.page.locator("main section").first
        assert first.get_attribute("id") == "layout"
        assert first.locator("li").all_inner_texts() == layout["sentences"]
        assert first.locator(".bad").all_inner_texts() == layout["warnings"]
        rows = shown.page.locator("#run tbody").first.locator("tr").all_inner_texts()
        counts = dict(" ".join(row.split()).rsplit(" ", 1) for row in rows)
        assert (counts["kept"], counts["your own"], counts["taken elsewhere"]) == ("18", "2", "12")


def test_the_headline_says_how_many_labels_it_covers(tmp_path):
    page = html.unescape(make_page(tmp_path / "two", ["Apple", "Pear"], each=3))
    assert "on 2 photographs of 2 of 2 labels" in page
    assert re.search(r"images per second</dt><dd>2<", page), "6 in 4 seconds"
    assert "without a test photograph" not in page
    labels = [f"Fruit {n:03}" for n in range(199)]
    page = html.unescape(make_page(tmp_path / "many", labels, each=3, untested=labels[1:]))
    assert "on 1 photographs of 1 of 199 labels" in page
    assert "Labels without a test photograph are not measured: Fruit 001" in page
    assert "Fruit 198" in page


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_own_photographs_have_a_table_and_a_curve_per_place(opened, tmp_path, size):
    page = make_page(tmp_path, ["Apple", "Pear"], evaluation={"own": OWN})
    url = write(tmp_path, page)
    with opened(url, **size) as shown:
        own = shown.page.locator("#own")
        assert own.locator("tbody").first.locator("tr").count() == 2
        assert "65.00\u00a0%" in own.inner_text()
        assert "Kiwi, Plum and Mango would gain most" in own.inner_text()
        assert own.locator("svg polygon.band").count() == 1
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert_quiet(shown, url)


@pytest.mark.parametrize("own", [{}, {"own": LEFT_OUT}])
def test_without_own_photographs_the_reason_or_nothing_is_shown(tmp_path, own):
    page = make_page(tmp_path, ["Apple", "Pear"], evaluation=own)
    assert ('id="own"' in page) == bool(own)
    assert "<polygon" not in page
