"""How a script of this folder hands over what it measured."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def new_parser(documentation: str | None) -> argparse.ArgumentParser:
    """A parser with the option that every measuring script has."""
    parser = argparse.ArgumentParser(description=(documentation or "").splitlines()[0])
    parser.add_argument("--result", type=Path, help="JSON file that takes what was measured")
    return parser


def measure_places(
    documentation: str | None, measure: Callable[..., dict[str, Any]], *places: str
) -> None:
    """The command line of a script that measures something of files and folders.

    Args:
        documentation: Of the script.
        measure: Takes the places in this order, as paths.
        places: Names of the positional arguments.
    """
    parser = new_parser(documentation)
    for place in places:
        parser.add_argument(place, type=Path)
    arguments = parser.parse_args()
    hand_over(measure(*(getattr(arguments, place) for place in places)), arguments.result)


def hand_over(measured: dict[str, Any], result: Path | None) -> None:
    """Write what was measured into the file asked for, and print it."""
    text = json.dumps(measured, indent=1, allow_nan=False)
    print(text, flush=True)
    if result is not None:
        result.write_text(text)
