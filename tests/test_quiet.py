"""What is silenced on standard error, and what is not."""

import subprocess
import sys

GREETING = "WARNING: Using incubator modules: jdk.incubator.vector"
SCRIPT = """
import os, subprocess, sys
from fruits_kedro.storage.quiet import silent, without_java_greetings

say = 'import sys; sys.stderr.write(sys.argv[1]); sys.stderr.flush(); sys.stdin.read()'
with without_java_greetings():
    child = subprocess.Popen([sys.executable, "-c", say, sys.argv[1]], stdin=subprocess.PIPE)
os.write(2, b"ours\\n")
child.communicate()
with silent():
    os.write(2, b"nobody hears this\\n")
os.write(2, b"the end\\n")
"""


def heard(text: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, text], capture_output=True, text=True, check=True
    )
    return result.stderr.splitlines()


def test_what_java_says_of_itself_is_left_out_and_an_error_is_not():
    said = heard(f"{GREETING}\nError: Could not find or load main class\n")
    assert sorted(said) == ["Error: Could not find or load main class", "ours", "the end"]


def test_a_warning_of_anything_else_is_passed_on():
    assert "WARNING: the disk is nearly full" in heard("WARNING: the disk is nearly full\n")
