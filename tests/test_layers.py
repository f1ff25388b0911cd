"""Imports point one way, and the package has few doors."""

from importlinter.api import read_configuration
from runs import command

MOST_ENTRIES = 12


def test_packages_import_only_what_stands_below_them(project):
    """pyproject.toml has the order; import-linter names every import against it.

    In another process, because it disables the loggers of its process.
    """
    file = str(project / "pyproject.toml")
    assert read_configuration(file)["contracts_options"]
    result = command(project, "lint-imports", "--no-cache")
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_package_has_few_entries(project):
    entries = {path.name for path in (project / "src" / "fruits_kedro").iterdir()}
    assert len(entries - {"__init__.py", "__main__.py", "__pycache__"}) <= MOST_ENTRIES
