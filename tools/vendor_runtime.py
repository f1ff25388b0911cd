"""Copy the LiteRT runtime of the app from npm into the package: python tools/vendor_runtime.py

npm checks the packages against the integrity named here. Only the build without threads and without
a graphics device is kept: it runs everywhere and needs no special headers of the server.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import distribution
from pathlib import Path

RUNTIME = Path(__file__).parents[1] / "src/fruits_kedro/pipelines/app/page/runtime"
PACKAGES = {
    "@litertjs/core@2.5.3": "sha512-PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8Iwqgq"
    "CIkviYGr9OFDL1kCnN4nzWoyJQ==",
    "@litertjs/wasm-utils@2.5.3": "sha512-4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580"
    "Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==",
}
FILES = {
    "litert.js": ("@litertjs/core@2.5.3", "dist/index.js"),
    "wasm-utils.js": ("@litertjs/wasm-utils@2.5.3", "dist/index.js"),
    "litert_wasm_compat_internal.js": (
        "@litertjs/core@2.5.3",
        "wasm/litert_wasm_compat_internal.js",
    ),
    "litert_wasm_compat_internal.wasm": (
        "@litertjs/core@2.5.3",
        "wasm/litert_wasm_compat_internal.wasm",
    ),
}
BARE, RELATIVE = '"@litertjs/wasm-utils"', '"./wasm-utils.js"'


def download(package: str, integrity: str, folder: Path) -> Path:
    """The package's archive, held to its integrity."""
    command = ["npm", "pack", package, "--json", "--pack-destination", str(folder)]
    [packed] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    archive = folder / packed["filename"].replace("@", "").replace("/", "-")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != integrity:
        sys.exit(f"{package} is not what was vendored before: its integrity is sha512-{digest}.")
    return archive


def read(archive: Path, name: str) -> bytes:
    """One file of an npm archive."""
    with tarfile.open(archive) as files:
        file = files.extractfile(f"package/{name}")
        if file is None:
            sys.exit(f"{archive.name} has no {name}.")
        return file.read()


def without_source_map(script: bytes) -> bytes:
    """A script without the address of a map that is not kept, which browsers would ask for."""
    lines = script.decode().rstrip().split("\n")
    kept = [line for line in lines if not line.startswith("//# sourceMappingURL")]
    return ("\n".join(kept) + "\n").encode()


def licence() -> bytes:
    """The licence of LiteRT, which its npm packages lack and its Python package has."""
    package = distribution("ai-edge-litert")
    [path] = [p for p in package.files or [] if p.parts[-2:] == ("licenses", "LICENSE")]
    return Path(str(package.locate_file(path))).read_bytes()


def main() -> None:
    """Fetch, rewrite the one bare import, and write the files and where they come from."""
    RUNTIME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        archives = {name: download(name, sri, Path(folder)) for name, sri in PACKAGES.items()}
        contents = {name: read(archives[of], path) for name, (of, path) in FILES.items()}
    for name in ("litert.js", "wasm-utils.js"):
        contents[name] = without_source_map(contents[name])
    if contents["litert.js"].count(BARE.encode()) != 1:
        sys.exit(f"litert.js does not import {BARE} once: rewrite its imports by hand.")
    contents["litert.js"] = contents["litert.js"].replace(BARE.encode(), RELATIVE.encode())
    contents["LICENSE"] = licence()
    for name, content in contents.items():
        (RUNTIME / name).write_bytes(content)
    (RUNTIME / "ORIGIN.md").write_text(origin(contents))


def origin(contents: dict[str, bytes]) -> str:
    """Where each file comes from, as a page."""
    rows = []
    for name, content in contents.items():
        package, path = FILES.get(name, ("ai-edge-litert (PyPI)", "LICENSE"))
        digest = hashlib.sha256(content).hexdigest()
        rows.append(f"| {name} | {package} | {path} | {len(content):,} | {digest} |")
    packages = [f"- {name}: `{integrity}`" for name, integrity in PACKAGES.items()]
    return "\n".join(
        [
            "# LiteRT for browsers",
            "",
            "From npm, Apache-2.0 (LICENSE), by Google; copied by `tools/vendor_runtime.py`.",
            "The one bare import of litert.js names wasm-utils.js; lines that name source maps "
            "are removed.",
            "",
            *packages,
            "",
            "| file | package | path | bytes | sha256 |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()
