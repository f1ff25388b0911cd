"""Text in CSV files that a spreadsheet would run as a formula.

Source: https://owasp.org/www-community/attacks/CSV_Injection
"""

from typing import Any

_STARTS = r"[=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - Excel takes the full-width signs as well
FORMULA = rf"^('*{_STARTS})"
"""A cell that starts like this; with apostrophes, one that may have been neutralised before."""
NEUTRALISED = rf"^'('*{_STARTS})"


def neutralise(column: Any) -> Any:
    """Put an apostrophe before what starts like a formula, so that it stays text.

    Args:
        column: An Arrow array of text.
    """
    import pyarrow.compute as pc

    return pc.replace_substring_regex(column, FORMULA, r"'\1")


def neutralise_columns(table: Any, names: tuple[str, ...]) -> Any:
    """The same for text columns of a pandas table."""
    return _replaced(table, names, FORMULA, r"'\1")


def restore_columns(table: Any, names: tuple[str, ...]) -> Any:
    """Take the apostrophes out again: names come back to the letter."""
    return _replaced(table, names, NEUTRALISED, r"\1")


def _replaced(table: Any, names: tuple[str, ...], pattern: str, by: str) -> Any:
    text = [name for name in names if name in table.columns]
    return table.assign(**{n: table[n].str.replace(pattern, by, regex=True) for n in text})
