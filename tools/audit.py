"""Known vulnerabilities and licences of every package in the lock files (``make audit``).

Vulnerabilities are pip-audit's, from the advisories of the Python package index; a package that
cannot be checked is a failure. Licences are what the installed packages state, by pip-licenses.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-dev.lock"]

PERMISSIVE, WEAK, STRONG, UNKNOWN = "permissive", "weak copyleft", "strong copyleft", "unknown"
ORDER = [PERMISSIVE, WEAK, STRONG, UNKNOWN]
"""Families of licences, from what asks least to what asks most."""

PATTERNS = {
    WEAK: r"MPL|Mozilla|LGPL|Lesser|EPL|Eclipse",
    STRONG: r"GPL|General Public License|SSPL|EUPL",
    PERMISSIVE: r"MIT|BSD|Apache|ISC|Python Software Foundation|PSF|Zlib|Unlicense|HPND|CC0"
    r"|Public Domain|Artistic",
}
"""The first that matches a name decides: the GNU Lesser licence is not of the GPL's family."""

READ_BY_HAND = {"cookiecutter": "BSD-3-Clause", "namex": "Apache-2.0"}
"""Licences of packages whose metadata state none, from the LICENSE file in the package."""


def main() -> int:
    """Print both results; 0 if everything was checked and nothing was found."""
    words = ["--strict", "--disable-pip", "--require-hashes", "--progress-spinner=off"]
    for lock in LOCKS:
        words += ["--requirement", str(lock)]
    vulnerabilities = _run("pip_audit", *words)
    print(f"Vulnerabilities:\n{vulnerabilities.stdout}{vulnerabilities.stderr}")
    listed = _run("piplicenses", "--from=mixed", "--format=json", "--with-system")
    lines, accepted = check_licences(json.loads(listed.stdout), locked_names())
    print("\n".join(lines))
    return 0 if vulnerabilities.returncode == 0 and accepted else 1


def check_licences(
    installed: Iterable[Mapping[str, str]], locked: set[str]
) -> tuple[list[str], bool]:
    """Lines to print, and whether the licence of every locked package is accepted."""
    by_family: dict[str, list[str]] = defaultdict(list)
    names = {normalise(package["Name"]): package["License"] for package in installed}
    for name in sorted(locked & names.keys()):
        licence = READ_BY_HAND.get(name, names[name])
        by_family[family_of(licence)].append(f"{name} ({licence[:60]})")
    lines = [f"Licences: {len(locked & names.keys())} of {len(locked)} packages are installed."]
    for family in ORDER:
        packages = by_family[family]
        detail = "" if family == PERMISSIVE else f": {', '.join(packages) or 'none'}"
        lines.append(f"  {family}, {len(packages)}{detail}")
    return lines, not by_family[STRONG] and not by_family[UNKNOWN]


def family_of(licence: str) -> str:
    """Family of a licence expression: the least demanding alternative, each by all its parts."""
    while inner := re.search(r"\(([^()]+ (?:AND|OR) [^()]+)\)", licence):
        licence = licence.replace(inner[0], family_of(inner[1]))
    alternatives = re.split(r"\s+OR\s+|;\s*", licence)
    families = [
        max((_family(part) for part in re.split(r"\s+AND\s+", text)), key=ORDER.index)
        for text in alternatives
    ]
    return min(families, key=ORDER.index)


def _family(licence: str) -> str:
    if licence in ORDER:
        return licence
    return next((f for f, names in PATTERNS.items() if re.search(names, licence)), UNKNOWN)


def locked_names() -> set[str]:
    """Names of all packages of the lock files, for any platform."""
    found = (re.findall(r"^([A-Za-z0-9][\w.-]*)==", lock.read_text(), re.M) for lock in LOCKS)
    return {normalise(name) for names in found for name in names}


def normalise(name: str) -> str:
    """A package's name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _run(module: str, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
