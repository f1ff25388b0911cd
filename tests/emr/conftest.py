"""A package of the real project with a small lock file, made once for all of these tests."""

import shutil
from pathlib import Path

import pytest
from runs import ROOT, copy_project
from small_packages import HUSH, X86_TAG, tiny_wheel

from fruits_kedro.cluster.package import Package, make_package


@pytest.fixture(scope="session")
def emr_project(tmp_path_factory) -> Path:
    """The project with secrets where users put them and a lock file of two wheels."""
    project = copy_project(tmp_path_factory.mktemp("emr"))
    shutil.copytree(ROOT / "infra", project / "infra")
    for name in ("local/credentials.yml", "local/globals.yml", "base/my_credentials.yml"):
        (project / "conf" / name).parent.mkdir(exist_ok=True)
        (project / "conf" / name).write_text(f"key: {HUSH}\n")
    (project / "conf" / "base" / ".env").write_text(f"AWS_SECRET_ACCESS_KEY={HUSH}\n")
    index = project / "index"
    index.mkdir()
    pins = tiny_wheel(index, "tinyone") + tiny_wheel(index, "tinytwo", X86_TAG)
    (project / "requirements-cluster.lock").write_text(f"# of a test\n{pins}    # via nobody\n")
    return project


@pytest.fixture(scope="session")
def emr_package(emr_project: Path) -> Package:
    """The package of that project, made by pip from a folder of wheels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(emr_project / "index"))
        patch.setenv("AWS_SECRET_ACCESS_KEY", HUSH)
        return make_package(emr_project, emr_project / "dist" / "emr", ["x86_64"])
