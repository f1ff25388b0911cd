"""The project runs in a folder whose name has spaces and accents."""

import pytest
from runs import command, copy_photos, copy_project, train_and_test

pytestmark = pytest.mark.faults


def test_the_project_runs_in_a_folder_with_spaces_and_accents(tmp_path):
    project = copy_project(tmp_path / "a b é")
    copy_photos(train_and_test()[:16], project / "my photos ü")
    words = ("--pipelines=ingestion", "--params=images=my photos ü,storage=the data ß,tracking=off")
    result = command(project, "kedro", "run", *words)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (project / "the data ß" / "08_reporting" / "ingestion.json").exists()
