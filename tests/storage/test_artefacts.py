"""Artefacts: the files of one version, each verified."""

from pathlib import Path

import pytest

from fruits_kedro import FruitsError
from fruits_kedro.storage import manifest as manifests
from fruits_kedro.storage.artefacts import is_unaltered, load_files, save_files, saved
from fruits_kedro.storage.manifest import Folder

FILES = {"a.npz": b"one", "b.json": b"two"}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An artefact with two files."""
    made = Folder(str(tmp_path / "model"))
    save_files(made, FILES, {"kind": "x"})
    return made


def test_files_come_back_under_their_names(folder: Folder) -> None:
    assert load_files(folder) == FILES
    assert load_files(folder, "b.json") == {"b.json": b"two"}
    assert saved(folder).notes == {"kind": "x"}


def test_a_new_version_replaces_the_old_files(folder: Folder, tmp_path: Path) -> None:
    save_files(folder, {"a.npz": b"three"}, {})
    assert load_files(folder) == {"a.npz": b"three"}
    assert len(list((tmp_path / "model").iterdir())) == 1


@pytest.mark.parametrize("content", [None, b"other", b""])
def test_an_altered_file_is_refused(folder: Folder, tmp_path: Path, content: bytes | None) -> None:
    path = next((tmp_path / "model").glob("a-*"))
    path.unlink() if content is None else path.write_bytes(content)
    assert not is_unaltered(folder, saved(folder))
    with pytest.raises(FruitsError):
        load_files(folder)


def test_a_save_that_died_leaves_the_old_version(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(manifests, "replace_file", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            save_files(folder, {"a.npz": b"three"}, {})
    assert load_files(folder) == FILES
    folder.tidy()
    assert len(list((tmp_path / "model").iterdir())) == len(FILES)


@pytest.mark.parametrize("name", ["../x.parquet", "/etc/passwd", "x/y-0123456789abcdef.npz"])
def test_a_manifest_cannot_name_files_elsewhere(folder: Folder, tmp_path: Path, name: str) -> None:
    path = tmp_path / ".model.manifest.json"
    stored = next((tmp_path / "model").glob("a-*")).name
    path.write_text(path.read_text().replace(stored, name))
    with pytest.raises(FruitsError):
        folder.current()


def test_nothing_saved_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FruitsError):
        load_files(Folder(str(tmp_path / "model")))
