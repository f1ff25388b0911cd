"""Write ``docs/troubleshooting.md`` from the sentences that the code tells its users.

.venv/bin/python tools/write_troubleshooting.py
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src" / "fruits_kedro"
FILE = ROOT / "docs" / "troubleshooting.md"
HEAD = """# Troubleshooting

Written by `tools/write_troubleshooting.py` (`make docs`) from the sentences in the code.

A run that cannot go on says so in one sentence: what is wrong, where, and after the colon how to
mend it. Search this page for the words you read; `…` stands for what differs. Nothing that was
finished is lost: after mending, the same command goes on from there.
"""
SYMPTOMS = {
    "The first run takes 15 s before the network starts.": "The weights are converted to LiteRT, "
    "once per fingerprint; the result is kept in `06_models/backbone`.",
    "A run ends in seconds and says “unchanged”.": "Nothing it depends on has changed. "
    "`--params=refresh=true` starts over.",
    "An accuracy of 1.0, which is too good.": "Photographs next to a test photograph trained. "
    "Believe `capture` of `kedro run --pipelines=evaluation`.",
    "Fewer photographs in the results than in the folder.": "`08_reporting/ingestion.json` counts "
    "them by [reason](rejections.md); the table `photographs` names each.",
    "It is slow on many cores.": "Spark needs work for each: `spark.sql.shuffle.partitions` and "
    "the size of the slices bound it.",
    "`Wrong parameters:` or `Wrong configuration:` and a list": "Every mistake in what the run was "
    "told, with the nearest known name; [parameters](parameters.md) and "
    "[configuration](configuration.md) have all names.",
    "A stack trace.": "A defect of this project: please report its last line and the command.",
}
"""What a user sees that has no sentence of its own, and what it is."""
TELLING = ("FruitsError", "logger.warning", "NotRecordedError")
"""What is called with a sentence for a user."""
WHOLE = "what was committed stays."
"""How sentences end that stand by themselves in the code."""
FEWEST_WORDS = 4
"""Shorter texts are names and not sentences."""
TITLES = {
    "": "Command line and configuration",
    "backbone": "The network",
    "classifier": "The classifier",
    "classifiers": "Kinds of classifiers",
    "datasets": "Data that a run reads",
    "emr": "EMR",
    "hooks": "During a run",
    "photos": "Finding photographs",
    "pipelines": "In a stage",
    "split_methods": "The split",
    "storage": "The storage",
    "tracking": "Comparing runs",
}
"""Headings by folder below the package; others are called by their own name."""


def document() -> str:
    """The whole file."""
    return "".join([HEAD, *_symptoms(), *_sections()])


def sentences(source: str) -> Iterator[str]:
    """Sentences of a module that a user is told, with ``…`` for what differs."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for text in _told(node, tree):
            words = re.sub(r"%(\.\d)?[sdfr]|%\(\w+\)[sd]", "…", " ".join(text.split()))
            words = re.sub("…+", "…", words)
            if len(re.findall(r"\w+", words)) >= FEWEST_WORDS:
                yield words


def _told(node: ast.AST, tree: ast.Module) -> Iterator[str]:
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in TELLING:
        argument = node.args[0]
        yield _words(argument)
        if isinstance(argument, ast.Call):
            yield from _returned(ast.unparse(argument.func), tree)
    elif isinstance(node, ast.Yield) and node.value is not None:
        yield _words(node.value)
    elif isinstance(node, ast.Constant) and str(node.value).endswith(WHOLE):
        yield str(node.value)


def _returned(name: str, tree: ast.Module) -> Iterator[str]:
    """What a function of the same module returns."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name == name:
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value is not None:
                    yield _words(node.value)


def _words(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _words(node.left) + _words(node.right)
    return "…"


def _symptoms() -> Iterator[str]:
    yield "\n## Without a sentence\n\n| what you see | what it is |\n| --- | --- |\n"
    yield from (f"| {seen} | {meaning} |\n" for seen, meaning in SYMPTOMS.items())


def _sections() -> Iterator[str]:
    by_folder: dict[str, set[str]] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        folder, _, _ = str(path.relative_to(SOURCES)).rpartition("/")
        told = by_folder.setdefault(folder.split("/")[0], set())
        told.update(" ".join(text.split()) for text in sentences(path.read_text()))
    for folder, told in by_folder.items():
        if told:
            yield f"\n## {TITLES.get(folder, folder.capitalize())}\n\n"
            yield "| it says | do |\n| --- | --- |\n"
            yield from sorted(_row(text) for text in told)


def _row(text: str) -> str:
    what, _, remedy = text.partition(": ")
    cells = (what, remedy if re.search(r"\w", remedy) else "")
    return "| " + " | ".join(_as_markdown(cell) for cell in cells) + " |\n"


def _as_markdown(text: str) -> str:
    """Text that a table of Markdown shows as it is."""
    for letter in "\\|<*_":
        text = text.replace(letter, f"\\{letter}")
    return text


def main() -> None:
    """Write the file."""
    FILE.write_text(document())


if __name__ == "__main__":
    main()
