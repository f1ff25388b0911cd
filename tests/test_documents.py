"""Links in the documents lead somewhere, and every page can be reached."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    [
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
        ROOT / "data" / "01_raw" / "sample" / "README.md",
        ROOT / "src" / "fruits_kedro" / "model" / "weights" / "README.md",
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
