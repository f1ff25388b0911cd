"""What the documents point at is there, and what is written from the code is as the code is."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    [
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
        ROOT / "data" / "01_raw" / "sample" / "README.md",
        ROOT / "src" / "fruits_kedro" / "weights" / "README.md",
    ]
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def prose(document: Path) -> Iterator[str]:
    """Lines outside of fenced blocks and code."""
    fenced = False
    for line in document.read_text().splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield re.sub(r"`[^`]*`", "`code`", line) if "](" not in line else line


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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document):
    assert list(broken(document)) == []


def test_a_broken_link_is_found(tmp_path):
    document = tmp_path / "a.md"
    document.write_text("# A b\n[x](b.md) [y](#a-b) [z](#none) [w](https://example.org/x)\n")
    assert list(broken(document)) == ["b.md", "#none"]


def test_every_page_can_be_reached_from_the_readme():
    reached, left = set(), [ROOT / "README.md"]
    while left:
        document = left.pop()
        reached.add(document)
        targets = {t.partition("#")[0] for line in prose(document) for t in LINK.findall(line)}
        files = {(document.parent / target).resolve() for target in targets if target}
        left += [f for f in files - reached if f.suffix == ".md" and f.exists()]
    assert set((ROOT / "docs").glob("*.md")) - reached == set()


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


def tool(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["write_configuration", "write_troubleshooting"])
def test_what_is_written_from_the_code_is_current(name):
    """Run ``make docs`` after a configuration file or a sentence for users changed."""
    written = tool(name)
    assert written.FILE.read_text() == written.document()


def test_every_variable_of_the_project_is_documented():
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "conf").rglob("*.yml")]
    named = {name for f in files for name in re.findall(r"FRUITS_[A-Z_]*[A-Z]", f.read_text())}
    assert named == set(tool("write_configuration").VARIABLES)


def test_every_setting_of_spark_is_documented(project):
    names = re.findall(r"^(spark\.[\w.]+):", (project / "conf/base/spark.yml").read_text(), re.M)
    text = (project / "docs" / "configuration.md").read_text()
    assert len(names) > 10
    assert [name for name in names if f"| `{name}` | " not in text] == []


def test_sentences_are_found_however_they_are_written():
    source = (
        "def explain():\n    return f'It is {broken}: mend it with a tool.'\n"
        "def check():\n"
        "    raise FruitsError(explain())\n"
        "    raise FruitsError('The file ' f'{name} is not there: ' 'make one.')\n"
        "    logger.warning('%d photographs are too many', 5)\n"
    )
    found = set(tool("write_troubleshooting").sentences(source))
    assert found == {
        "It is …: mend it with a tool.",
        "The file … is not there: make one.",
        "… photographs are too many",
    }
