"""The audit passes only where everything was checked and nothing was found."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "audit.py"
spec = importlib.util.spec_from_file_location("audit", TOOL)
assert spec is not None
assert spec.loader is not None
audit = importlib.util.module_from_spec(spec)
spec.loader.exec_module(audit)

CLEAN = {"name": "numpy", "version": "2.4.0", "vulns": []}
HOLED = {
    "name": "pillow",
    "version": "9.0.0",
    "vulns": [
        {"id": "PYSEC-2022-10", "fix_versions": ["9.0.1"]},
        {"id": "PYSEC-2022-11", "fix_versions": []},
    ],
}
UNSEEN = {"name": "scipy", "skip_reason": "Dependency not found on PyPI: scipy (1.16)"}


def report(*packages: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(packages), "fixes": []}


def test_packages_without_vulnerabilities_pass():
    assert audit.check_vulnerabilities(report(CLEAN)) == (
        ["Vulnerabilities: 1 of 1 packages checked, 0 findings."],
        True,
    )


def test_a_vulnerable_package_fails_by_name():
    lines, passed = audit.check_vulnerabilities(report(CLEAN, HOLED))
    assert not passed
    assert lines == [
        "Vulnerabilities: 2 of 2 packages checked, 2 findings:",
        "  pillow 9.0.0: PYSEC-2022-10, mended in 9.0.1",
        "  pillow 9.0.0: PYSEC-2022-11, mended in no version",
    ]


def test_a_package_that_was_not_checked_fails():
    lines, passed = audit.check_vulnerabilities(report(CLEAN, UNSEEN))
    assert not passed
    assert lines[-1] == "  not checked: Dependency not found on PyPI: scipy (1.16)"


@pytest.mark.parametrize("found", [report(UNSEEN), report(), "ConnectionError: no network"])
def test_advisories_that_cannot_be_reached_fail_in_one_sentence(found):
    lines, passed = audit.check_vulnerabilities(found)
    assert not passed
    [sentence] = lines
    assert sentence.startswith("Vulnerabilities: not checked, ")
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("licence", "family"),
    [
        ("MIT", "permissive"),
        ("Apache Software License; BSD License", "permissive"),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", "permissive"),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", "weak copyleft"),
        ("MIT OR (GPL-2.0 AND MPL-2.0)", "permissive"),
        ("Mozilla Public License 2.0 (MPL 2.0)", "weak copyleft"),
        ("MPL-2.0 AND MIT", "weak copyleft"),
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


def installed(**licences: str) -> list[dict[str, str]]:
    return [{"Name": name, "License": licence} for name, licence in licences.items()]


def test_licences_are_counted_for_what_is_locked():
    found = installed(NumPy="BSD-3-Clause", certifi="MPL-2.0", stranger="GPL-3.0")
    lines, passed = audit.check_licences(found, {"numpy", "certifi", "pywin32"})
    assert passed
    assert lines == [
        "Licences: 2 packages of the lock files are installed here.",
        "  permissive, 1",
        "  weak copyleft, 1: certifi (MPL-2.0)",
        "  strong copyleft, 0: none",
        "  unknown, 0: none",
        "  not installed on this platform, 1: pywin32",
    ]


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "UNKNOWN"])
def test_a_licence_that_is_not_accepted_fails(licence):
    lines, passed = audit.check_licences(installed(other=licence), {"other"})
    assert not passed
    assert any(f"other ({licence})" in line for line in lines)


def test_a_licence_read_by_hand_stands_for_one_that_is_not_told():
    _, passed = audit.check_licences(installed(namex="UNKNOWN"), {"namex"})
    assert passed


def test_every_package_of_the_lock_files_is_meant():
    names = audit.locked_names()
    assert {"pyspark", "pillow", "pytest", "backports-strenum", "pip-audit"} <= names
    assert len(names) > 150
