"""Documents are short, their links lead somewhere, and what they show works."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pyarrow as pa
import pytest
from kedro.framework.cli.cli import KedroCLI
from runs import PIPELINES, ROOT, SAMPLE, Job, sample_names

from fruits_kedro.parameters.checks import known_names

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DOCUMENTS = [
    *PAGES,
    ROOT / "data" / "01_raw" / "sample" / "README.md",
    ROOT / "src" / "fruits_kedro" / "model" / "weights" / "README.md",
]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.S | re.M)
OTHERS = {"source", "cp", "unzip", "aws", "curl", "spark-class", "spark-submit"}
OTHERS |= {"python3.11", "pip"}
"""Programs that documents show beside ``kedro`` and ``make``."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(document: Path) -> Iterator[str]:
    """Lines outside of fenced blocks."""
    text = BLOCK.sub("", document.read_text())
    for line in text.splitlines():
        yield re.sub(r"`[^`]*`", "`code`", line) if "](" not in line else line


def blocks(document: Path, language: str) -> list[str]:
    return [code for name, code in BLOCK.findall(document.read_text()) if name == language]


# --- links and length ----------------------------------------------------------------------------


def anchors(document: Path) -> set[str]:
    """Anchors of a document's headings, as GitHub makes them."""
    headings = [line.lstrip("#").strip() for line in prose(document) if re.match("#+ ", line)]
    words = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in words}


def broken(document: Path) -> Iterator[str]:
    for line in prose(document):
        for target in LINK.findall(line):
            path, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            file = (document.parent / path).resolve() if path else document
            if not file.exists() or (anchor and anchor not in anchors(file)):
                yield target


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere_and_no_cell_of_a_table_is_empty(document):
    assert list(broken(document)) == []
    rows = [line.strip("|").split("|") for line in prose(document) if line.startswith("|")]
    assert [row for row in rows if not all(map(str.strip, row))] == []


def test_every_page_can_be_reached_from_the_readme():
    reached, left = set(), [ROOT / "README.md"]
    while left:
        document = left.pop()
        reached.add(document)
        targets = {t.partition("#")[0] for line in prose(document) for t in LINK.findall(line)}
        files = {(document.parent / target).resolve() for target in targets if target}
        left += [f for f in files - reached if f.suffix == ".md" and f.exists()]
    assert set(PAGES) - reached == set()


def test_pages_that_code_and_configuration_name_exist():
    folders = ("src", "conf", "infra", "tools", "bench")
    files = [f for name in folders for f in (ROOT / name).rglob("*") if f.suffix in (".py", ".yml")]
    named = {page for f in files for page in re.findall(r"docs/[\w-]+\.md", f.read_text())}
    assert {page for page in named if not (ROOT / page).exists()} == set()


def test_documents_are_short():
    words = {page: len(page.read_text().split()) for page in PAGES}
    assert words.pop(ROOT / "README.md") <= 900
    assert len(words) <= 9
    assert sum(words.values()) <= 11_000


# --- commands ------------------------------------------------------------------------------------


def commands() -> list[str]:
    """Every command line that a document shows."""
    lines = [
        line.partition(" #")[0].strip()
        for page in PAGES
        for code in blocks(page, "bash")
        for line in code.replace("\\\n", " ").splitlines()
    ]
    inline = [
        code
        for page in PAGES
        for code in re.findall(r"`((?:kedro|make) [^`]+)`", BLOCK.sub("", page.read_text()))
    ]
    return sorted({line for line in (*lines, *inline) if line and "…" not in line})


def words_of(line: str) -> list[str]:
    """The words of a command, without the environment variables before it."""
    words = shlex.split(line)
    while re.match(r"[A-Z_]+=", words[0]):
        words.pop(0)
    return words


@pytest.mark.parametrize("line", [line for line in commands() if words_of(line)[0] == "kedro"])
def test_a_kedro_command_is_understood(line, monkeypatch):
    monkeypatch.chdir(ROOT)
    words = words_of(line)
    for word in words:
        check_option(*word.partition("=")[::2])
    command: click.Command = KedroCLI(ROOT)
    words.pop(0)
    context = click.Context(command, info_name="kedro")
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(context, name)
        assert found is not None, f"there is no command {name}"
        command, context = found, click.Context(found, info_name=name, parent=context)
    command.make_parser(context).parse_args(words)


def check_option(option: str, value: str) -> None:
    """Parameters, pipelines and environments exist."""
    if option == "--params":
        names = {item.partition("=")[0] for item in value.split(",")} - set(known_names())
        assert {name for name in names if not name.startswith("classification.options.")} == set()
    elif option == "--pipelines":
        assert set(value.split(",")) <= {*PIPELINES, "PIPELINE"}
    elif option == "--env":
        assert value in ("NAME", "cluster", "emr")


def test_other_commands_are_known_programs_and_targets():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for line in commands():
        words = words_of(line)
        if words[0] == "make":
            assert words[1] in targets, line
        else:
            assert Path(words[0]).name in {"kedro", *OTHERS}, line


# --- code ----------------------------------------------------------------------------------------


READERS = [
    pytest.param(code, id=f"{name_of(page)}-{number}")
    for page in PAGES
    for number, code in enumerate(blocks(page, "python"))
    if "data/" in code
]


@pytest.mark.parametrize("code", READERS)
def test_a_reader_of_results_works(code, whole_run: Job, tmp_path, monkeypatch):
    (tmp_path / "data").symlink_to(whole_run.storage)
    photograph = SAMPLE / "Test" / "Kiwi" / sample_names("Test", "Kiwi")[0]
    (tmp_path / "photo.jpg").symlink_to(photograph)
    monkeypatch.chdir(tmp_path)
    found: dict = {}
    exec(compile(code, "document", "exec"), found)
    if "labelled" in found:
        kept = found["kept"]
        assert set(found["labelled"].path) <= set(kept.path)
        assert len(found["labelled"]) == len(kept)


def shown(name: str) -> ModuleType:
    """The module that docs/extending.md shows as a new file."""
    code = blocks(ROOT / "docs" / "extending.md", "python")
    [found] = [c for c in code if re.match(rf"# src/\S+/{name}\n", c)]
    module = ModuleType(name)
    exec(compile(found, name, "exec"), module.__dict__)
    return module


def test_the_new_split_splits_and_the_new_network_has_what_a_network_needs():
    rows = pa.table({"path": ["2025/a.jpg", "2026/b.jpg"], "label": ["A", "A"]})
    assert shown("by_year.py").assign(rows, None).to_pylist() == ["train", "test"]
    needed = {"ARCHITECTURE", "SCALE", "OFFSET", "SHIPPED", "DOWNLOAD", "build"}
    assert needed <= set(vars(shown("resnet50.py")))
