"""Command line of the packaged project: ``fruits-kedro`` or ``python -m fruits_kedro``."""

import sys
from pathlib import Path
from typing import Any

from kedro.framework.project import configure_project

from fruits_kedro.hooks.errors import end_on_signals


def main(*args: Any, **kwargs: Any) -> Any:
    """Run the project's pipelines, with the options of ``kedro run``."""
    is_interactive = hasattr(sys, "ps1")
    if not is_interactive:
        end_on_signals()
    configure_project(Path(__file__).parent.name)
    from fruits_kedro.cli import run

    kwargs["standalone_mode"] = not is_interactive
    return run(*args, **kwargs)


if __name__ == "__main__":
    main()
