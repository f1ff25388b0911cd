"""``kedro`` commands in this process: what takes a new process a second takes no time here."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from kedro.framework.cli.cli import KedroCLI


class Commands:
    """Types commands in a project's folder.

    Args:
        project: The folder.
        monkeypatch: Of the test.
    """

    def __init__(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(project)
        monkeypatch.setenv("DO_NOT_TRACK", "1")
        # A command line of tests is theirs to interrupt.
        monkeypatch.setattr("fruits_kedro.cli.end_on_signals", lambda: None)
        self._kedro = KedroCLI(project)

    def __call__(self, *words: str, **options: Any) -> Result:
        """Run ``kedro`` with these words."""
        return CliRunner().invoke(self._kedro, list(words), **options)

    def output(self, *words: str) -> str:
        """What a command that succeeds prints."""
        result = self(*words)
        assert result.exit_code == 0, result.output
        return result.output

    def sentence(self, *words: str, **options: Any) -> str:
        """The one sentence that a refused command prints before it exits with 1."""
        result = self(*words, **options)
        assert result.exit_code == 1, result.output
        assert isinstance(result.exception, SystemExit), result.exception
        lines = [line for line in result.output.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, result.output
        assert result.output.rstrip().endswith(lines[0]), "nothing follows the sentence"
        return lines[0].removeprefix("Error: ")
