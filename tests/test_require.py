"""``tools/require.sh``: installs what is missing where it can, says what to install elsewhere."""

import shutil
import subprocess
from pathlib import Path

import pytest
from runs import ROOT

TOOLS = ("bash", "cat", "chmod", "cp", "env", "head", "id", "mktemp", "sed")
JAVA = """#!/usr/bin/env bash
echo 'openjdk version "{version}.0.9" 2026-01-01' >&2
"""
PYTHON = "#!/usr/bin/env bash\nexit 0\n"
APT = """#!/usr/bin/env bash
echo "$@" >> {folder}/apt.log
[ "$1" = install ] || exit 0
case "${{@: -1}}" in
    {package}) cp {folder}/new {folder}/bin/{name}; chmod +x {folder}/bin/{name} ;;
    *) echo "E: Unable to locate package ${{@: -1}}"; exit 100 ;;
esac
"""


class Machine:
    """A machine with a few tools, and what apt can give it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "bin"
        self.bin.mkdir()
        for name in TOOLS:
            (self.bin / name).symlink_to(str(shutil.which(name)))

    def add(self, name: str, text: str) -> None:
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def apt(self, package: str, name: str, text: str, user: int = 0) -> None:
        """apt knows one package, which brings one program."""
        (self.folder / "new").write_text(text)
        self.add("apt-get", APT.format(folder=self.folder, package=package, name=name))
        self.add("id", f"#!/usr/bin/env bash\necho {user}\n")

    def require(self, *needs: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(self.bin / "bash"), str(ROOT / "tools" / "require.sh"), *needs],
            env={"PATH": str(self.bin), "TMPDIR": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def test_what_is_there_is_enough(machine):
    machine.add("java", JAVA.format(version=17))
    machine.add("python3", PYTHON)
    assert machine.require("python", "java").returncode == 0
    assert machine.require("which-python").stdout.strip().endswith("python3")


@pytest.mark.parametrize(
    ("need", "package", "name", "text"),
    [
        ("java", "openjdk-17-jre-headless", "java", JAVA.format(version=17)),
        ("java", "openjdk-21-jre-headless", "java", JAVA.format(version=21)),
        ("python", "python3-venv", "python3", PYTHON),
    ],
)
def test_root_on_debian_gets_what_its_release_has(machine, need, package, name, text):
    machine.add("python3", "#!/usr/bin/env bash\nexit 1\n")
    machine.apt(package, name, text)
    result = machine.require(need)
    assert result.returncode == 0, result.stderr
    assert package in (machine.folder / "apt.log").read_text()


@pytest.mark.parametrize(("user", "package"), [(1000, "openjdk-17-jre-headless"), (0, "none")])
@pytest.mark.parametrize("version", [None, 11])
def test_elsewhere_one_sentence_says_what_to_install(machine, user, package, version):
    if version:
        machine.add("java", JAVA.format(version=version))
    machine.apt(package, "java", JAVA.format(version=17), user=user)
    result = machine.require("java")
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert "apt-get install openjdk-17-jre-headless" in last
    assert ("Java 11 was found" in last) == (version == 11)
    assert (machine.folder / "apt.log").exists() == (user == 0)
