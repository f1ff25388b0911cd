"""The audit passes only if every licence is accepted."""

import pytest

from tools import audit

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(
    ("licence", "family"),
    [
        ("MIT", "permissive"),
        ("Apache Software License; BSD License", "permissive"),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", "permissive"),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", "weak copyleft"),
        ("MIT OR (GPL-2.0 AND MPL-2.0)", "permissive"),
        ("Mozilla Public License 2.0 (MPL 2.0)", "weak copyleft"),
        ("GNU Lesser General Public License v3 (LGPLv3)", "weak copyleft"),
        ("GNU General Public License v3 (GPLv3)", "strong copyleft"),
        ("AGPL-3.0-only", "strong copyleft"),
        ("Artistic License; GNU General Public License (GPL)", "permissive"),
        ("MIT AND GPL-2.0", "strong copyleft"),
        ("UNKNOWN", "unknown"),
        ("Commercial", "unknown"),
    ],
)
def test_a_licence_has_a_family(licence, family):
    assert audit.family_of(licence) == family


@pytest.mark.parametrize(
    ("licence", "accepted"), [("MPL-2.0", True), ("GPL-3.0-only", False), ("UNKNOWN", False)]
)
def test_only_locked_packages_are_judged(licence, accepted):
    licences = {"NumPy": "BSD-3-Clause", "other": licence, "stranger": "GPL-3.0"}
    installed = [{"Name": name, "License": text} for name, text in licences.items()]
    lines, passed = audit.check_licences(installed, {"numpy", "other", "pywin32"})
    assert passed == accepted
    assert not any("stranger" in line for line in lines)


def test_every_package_of_the_lock_files_is_found():
    names = audit.locked_names()
    assert {"pyspark", "pillow", "pytest", "backports-strenum", "pip-audit"} <= names
    assert len(names) > 100
