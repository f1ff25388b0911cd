"""The project runs in a folder whose name has spaces and accents."""

import pytest
from faults.processes import PHOTOS
from runs import command, copy_photos, copy_project

pytestmark = pytest.mark.faults


def test_the_project_runs_in_a_folder_with_spaces_and_accents(tmp_path):
    project = copy_project(tmp_path / "a b é")
    copy_photos(PHOTOS[:16], project / "my photos ü")
    words = ("--pipelines=ingestion", "--params=images=my photos ü,storage=the data ß,tracking=off")
    result = command(project, "kedro", "run", *words)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (project / "the data ß" / "08_reporting" / "ingestion.json").exists()
