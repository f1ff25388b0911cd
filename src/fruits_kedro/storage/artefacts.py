"""Small files kept together as one snapshot, each held to the hash it was written with."""

import hashlib

from fruits_kedro import FruitsError
from fruits_kedro.storage.files import filesystem, join
from fruits_kedro.storage.snapshots import Part, SnapshotFolder

_HASHES = "sha256"


def write_files(folder: SnapshotFolder, files: dict[str, bytes], **notes: str) -> Part:
    """Write ``files`` as a new part of ``folder``; committing it is the caller's.

    Args:
        folder: The artefact's snapshots.
        files: Content by name.
        notes: What to find the part by later (``SnapshotFolder.find``).
    """
    name = folder.new_part_name()
    for file_name, content in files.items():
        fs, path = filesystem(join(folder.part_uri(name), file_name))
        fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        fs.pipe_file(path, content)
    return describe_files(folder, name, **notes)


def describe_files(folder: SnapshotFolder, name: str, **notes: str) -> Part:
    """A part that somebody else wrote, with the hashes of its files."""
    hashes = {file: _sha256(content) for file, content in _read_all(folder, name).items()}
    return Part(name, rows=1, notes={**notes, _HASHES: hashes})


def load_files(folder: SnapshotFolder, part: Part) -> dict[str, bytes]:
    """The files of a part, verified.

    Raises:
        FruitsError: Where a file is missing, added or altered since it was written.
    """
    expected: dict[str, str] = part.notes[_HASHES]
    files = _read_all(folder, part.name)
    for name in sorted(expected.keys() | files.keys()):
        if name not in files or _sha256(files[name]) != expected.get(name):
            raise FruitsError(
                f"{join(folder.part_uri(part), name)} is not what this project wrote (its sha256 "
                f"differs or it is missing): remove the folder {folder.uri} and run again."
            )
    return files


def current_part(folder: SnapshotFolder) -> Part:
    """The newest part of an artefact.

    Raises:
        FruitsError: Where nothing was saved yet.
    """
    snapshot = folder.current()
    if snapshot is None:
        raise FruitsError(
            f"There is nothing at {folder.uri} yet: run the pipelines that make it first "
            "(kedro run runs all of them)."
        )
    return snapshot.parts[-1]


def _read_all(folder: SnapshotFolder, name: str) -> dict[str, bytes]:
    fs, root = filesystem(folder.part_uri(name))
    # Spark's local checksum files are not part of what a reader reads.
    paths = [p for p in fs.find(root) if not p.endswith(".crc")]
    return {path[len(root) :].lstrip("/"): fs.cat_file(path) for path in paths}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
