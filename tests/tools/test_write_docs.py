"""The pages that are written from code and configuration are current and complete."""

import re

import pytest
import yaml

from fruits_kedro.parameters.checks import known_names
from tools import write_docs
from tools.write_docs import PAGE, configuration_page, parameters_part

pytestmark = pytest.mark.tools


def test_the_page_is_current():
    """Run ``make docs`` after the schema or a configuration file changed."""
    assert PAGE.read_text() == configuration_page()


def test_every_parameter_is_documented_once():
    names = re.findall(r"^\| `([\w.]+)` \| .+ \| .+ \|$", parameters_part(), re.M)
    groups = {name.rpartition(".")[0] for name in known_names()}
    assert sorted(names) == sorted(set(known_names()) - groups)


def test_every_variable_of_the_project_is_documented(project):
    files = [*(project / "src").rglob("*.py"), *(project / "conf").rglob("*.yml")]
    named = {name for f in files for name in re.findall(r"FRUITS_[A-Z_]*[A-Z]", f.read_text())}
    assert named == set(
        yaml.safe_load((write_docs.TEMPLATES / "variables.yml").read_text())["project"]
    )
