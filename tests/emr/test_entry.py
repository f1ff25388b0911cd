"""What spark-submit starts: the packaged run, with the log's form that the project has."""

import os
import subprocess
import sys

from runs import ROOT

from fruits_kedro.cluster.emr.entry import shipped_logging


def test_the_form_of_the_log_comes_from_the_packaged_configuration(emr_package):
    archive = emr_package.folder / "project" / "conf-fruits_kedro.tar.gz"
    found = shipped_logging(["--env=emr", f"--conf-source={archive}", "--params=a=b"])
    assert found == (ROOT / "conf" / "logging.yml").read_bytes()
    assert shipped_logging(["--env=emr"]) is None


def test_a_packaged_run_refuses_what_a_run_refuses(emr_package, tmp_path):
    """In another folder, from the zip file alone, as on a cluster: one sentence, exit code 1."""
    project = emr_package.folder / "project"
    words = ["--env=emr", f"--conf-source={project / 'conf-fruits_kedro.tar.gz'}"]
    result = subprocess.run(
        [sys.executable, project / "run.py", *words, "--params=reduction.kk=3,storage=s3://b/r"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(project / "fruits_kedro.zip")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    assert "reduction.kk is unknown, did you mean reduction.k?" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr
