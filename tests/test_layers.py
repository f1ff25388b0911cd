"""Imports point one way, and the package has few doors."""

from importlinter.api import read_configuration
from importlinter.cli import lint_imports

MOST_ENTRIES = 12


def test_packages_import_only_what_stands_below_them(project, capsys):
    """pyproject.toml has the order; import-linter names every import against it."""
    file = str(project / "pyproject.toml")
    assert read_configuration(file)["contracts_options"]
    result = lint_imports(config_filename=file, no_cache=True)
    assert result == 0, capsys.readouterr().out


def test_the_package_has_few_entries(project):
    entries = {path.name for path in (project / "src" / "fruits_kedro").iterdir()}
    assert len(entries - {"__init__.py", "__main__.py", "__pycache__"}) <= MOST_ENTRIES
