"""Known vulnerabilities and licences of everything that the lock files name (``make audit``).

Vulnerabilities are what pip-audit finds in the advisories of the Python package index, for the
packages of this platform. Licences are what the installed packages say of themselves, by
pip-licenses. Whatever could not be checked is a failure, not a pass.

    .venv/bin/python tools/audit.py
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-dev.lock"]

FAMILIES = {
    "permissive": (
        r"MIT|BSD|Apache|ISC|Python Software Foundation|PSF|Zlib|Unlicense|HPND|CC0|Public Domain"
        r"|Artistic"
    ),
    "weak copyleft": r"MPL|Mozilla|LGPL|Lesser|EPL|Eclipse",
    "strong copyleft": r"GPL|General Public License|AGPL|SSPL|EUPL",
}
"""Patterns of the names of licences, from what asks least to what asks most."""
UNKNOWN = "unknown"
ACCEPTED = ("permissive", "weak copyleft")
READ_BY_HAND = {
    "cookiecutter": "BSD-3-Clause",
    "namex": "Apache-2.0",
}
"""Packages whose metadata name no licence: what the LICENSE file in the package is."""


def main() -> int:
    """Print both results; 0 where everything was checked and nothing was found."""
    checks = [
        check_vulnerabilities(run_pip_audit()),
        check_licences(run_pip_licenses(), locked_names()),
    ]
    for lines, _ in checks:
        print("\n".join(lines))
    return 0 if all(passed for _, passed in checks) else 1


def run_pip_audit() -> dict[str, Any] | str:
    """What pip-audit reports, or its last words where it ended without a report."""
    words = ["--disable-pip", "--require-hashes", "--format=json", "--progress-spinner=off"]
    for lock in LOCKS:
        words += ["--requirement", str(lock)]
    result = _run("pip_audit", *words)
    try:
        report: dict[str, Any] = json.loads(result.stdout)
    except ValueError:
        return next(reversed(result.stderr.strip().splitlines()), "it said nothing")
    return report


def check_vulnerabilities(report: dict[str, Any] | str) -> tuple[list[str], bool]:
    """Lines to print, and whether every package was checked and none is vulnerable."""
    if isinstance(report, str):
        return [f"Vulnerabilities: not checked, no advisories can be reached ({report})."], False
    packages = {package["name"]: package for package in report["dependencies"]}
    skipped = [p["skip_reason"] for p in packages.values() if "skip_reason" in p]
    if len(skipped) == len(packages):
        reason = skipped[0] if skipped else "pip-audit read no package"
        return [
            f"Vulnerabilities: not checked, the package index gives no advisories here ({reason})."
        ], False
    lines = [
        f"  {name} {package['version']}: {found['id']}, "
        f"mended in {', '.join(found['fix_versions']) or 'no version'}"
        for name, package in packages.items()
        for found in package.get("vulns", [])
    ]
    lines += [f"  not checked: {reason}" for reason in skipped]
    checked = len(packages) - len(skipped)
    head = f"Vulnerabilities: {checked} of {len(packages)} packages checked, {len(lines)} findings"
    return [head + (":" if lines else "."), *lines], not lines


def run_pip_licenses() -> list[dict[str, str]]:
    """Name, version and licence of every installed package."""
    result = _run("piplicenses", "--from=mixed", "--format=json", "--with-system")
    found: list[dict[str, str]] = json.loads(result.stdout)
    return found


def check_licences(
    installed: Sequence[Mapping[str, str]], locked: set[str]
) -> tuple[list[str], bool]:
    """Lines to print, and whether every installed package has a licence that is accepted."""
    by_family: dict[str, list[str]] = defaultdict(list)
    names = set()
    for package in installed:
        name = normalise(package["Name"])
        if name in locked:
            names.add(name)
            licence = READ_BY_HAND.get(name, package["License"])
            by_family[family_of(licence)].append(f"{name} ({_short(licence)})")
    lines = [f"Licences: {len(names)} packages of the lock files are installed here."]
    for family in (*FAMILIES, UNKNOWN):
        packages = sorted(by_family[family])
        detail = "" if family == "permissive" else f": {', '.join(packages) or 'none'}"
        lines.append(f"  {family}, {len(packages)}{detail}")
    absent = sorted(locked - names)
    lines.append(f"  not installed on this platform, {len(absent)}: {', '.join(absent) or 'none'}")
    return lines, not any(found for family, found in by_family.items() if family not in ACCEPTED)


def family_of(licence: str) -> str:
    """The family of a licence: of alternatives the one that asks least, of all parts the most."""
    order = [*FAMILIES, UNKNOWN]
    while inner := re.search(r"\(([^()]+ (?:AND|OR) [^()]+)\)", licence):
        licence = licence.replace(inner[0], family_of(inner[1]))
    alternatives = re.split(r"\s+OR\s+|;\s*", licence)
    families = [
        max((_family(part) for part in re.split(r"\s+AND\s+", text)), key=order.index)
        for text in alternatives
    ]
    return min(families, key=order.index)


def _family(licence: str) -> str:
    if licence in FAMILIES:
        return licence
    # The strongest word wins, and the GNU Lesser General Public License is none of the GPL's kind.
    if re.search(r"LGPL|Lesser", licence):
        return "weak copyleft"
    for family in reversed(FAMILIES):
        if re.search(FAMILIES[family], licence):
            return family
    return UNKNOWN


def locked_names() -> set[str]:
    """Names of every package of the lock files, on any platform."""
    return {name for lock in LOCKS for name in _names(lock.read_text())}


def _names(lock: str) -> Iterator[str]:
    for found in re.finditer(r"^([A-Za-z0-9][\w.-]*)==", lock, re.MULTILINE):
        yield normalise(found[1])


def normalise(name: str) -> str:
    """A package's name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _short(licence: str) -> str:
    return licence if len(licence) <= 60 else licence[:57] + "..."


def _run(module: str, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
