"""The lock file of a cluster, as pip on another machine cannot read it."""

import re

import pytest
from runs import ROOT

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr.pins import LOCK, read_pins
from fruits_kedro.cluster.emr.target import ARCHITECTURES, Target

LINES = """\
# This file was compiled by a machine.
always==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via someone
windows==1.0 ; os_name == 'nt' or sys_platform == 'win32' \\
    --hash=sha256:cc
chosen==1.0 ; python_full_version < '3.12' \\
    --hash=sha256:dd
chosen==2.0 ; python_full_version >= '3.12' \\
    --hash=sha256:ee
arm==1.0 ; platform_machine == 'aarch64' \\
    --hash=sha256:ff
"""


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("x86_64", ["always==1.0", "chosen==1.0"]),
        ("aarch64", ["always==1.0", "chosen==1.0", "arm==1.0"]),
    ],
)
def test_markers_are_those_of_the_target(tmp_path, architecture, expected):
    (tmp_path / LOCK).write_text(LINES)
    pins = read_pins(tmp_path / LOCK, Target(architecture))
    assert [pin.requirement for pin in pins] == expected
    assert pins[0].hashes == {"aa", "bb"}
    assert pins[0].line("bb") == "always==1.0 --hash=sha256:bb"


def test_a_missing_lock_file_is_told(tmp_path):
    with pytest.raises(FruitsError, match=r"requirements-cluster\.lock is missing.*make lock"):
        read_pins(tmp_path / LOCK, Target("x86_64"))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_cluster_gets_the_versions_that_were_tested_and_no_tensorflow(architecture):
    pins = read_pins(ROOT / LOCK, Target(architecture))
    tested = set(re.findall(r"^([\w.-]+==[\w.]+)", (ROOT / "requirements.lock").read_text(), re.M))
    names = {pin.requirement for pin in pins}
    assert names <= tested
    assert {name.split("==")[0] for name in names} >= {"kedro", "ai-edge-litert", "s3fs", "pyarrow"}
    assert not [n for n in names if re.match("pyspark|tensorflow|keras|jupyter|mlflow", n)]
    assert all(pin.hashes for pin in pins)
