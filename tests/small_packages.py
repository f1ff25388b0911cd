"""Small things to package, so that packaging for real takes seconds."""

import hashlib
import zipfile
from pathlib import Path

HUSH = "hush+Xq7/secretsecretsecretsecretsecret0"
"""What must not be in a package."""
X86_TAG = "cp311-cp311-manylinux_2_28_x86_64"


def tiny_wheel(folder: Path, name: str, tag: str = "py3-none-any") -> str:
    """A wheel of one module; returns the lines of a lock file that pin it."""
    described = f"{name}-1.0.dist-info"
    contents = {
        f"{name}.py": "value = 42\n",
        f"{name}-1.0.data/scripts/{name}-tool": "#!python\n",
        f"{described}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{described}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},,\n" for path in [*contents, f"{described}/RECORD"])
    path = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in {**contents, f"{described}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(file), content)
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
