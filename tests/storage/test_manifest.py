"""What version 1 left in a storage goes, and nothing else."""

import pytest

from fruits_kedro.storage.manifest import Folder, StoredFile, remove_first_version

OLD = ("04_feature/features", "06_models/reducer", "02_intermediate/images")


def write(path, content: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_tables_and_models_of_version_1_are_removed(tmp_path, scheme):
    for name in OLD:
        write(tmp_path / name / "_current.json", "{}")
        write(tmp_path / name / "part-0" / "rows.parquet")
    kept = [tmp_path / "08_reporting" / "report.html", tmp_path / "04_feature" / "mine.csv"]
    for path in kept:
        write(path)
    assert set(remove_first_version(f"{scheme}{tmp_path}")) == set(OLD)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(kept)
    assert remove_first_version(f"{scheme}{tmp_path}") == []


def test_a_storage_of_this_version_or_none_stays(tmp_path):
    assert remove_first_version(str(tmp_path / "none")) == []
    folder = Folder(str(tmp_path / "06_models" / "reducer"))
    name = f"reducer-{'0' * 16}.npz"
    write(tmp_path / "06_models" / "reducer" / name)
    folder.commit([StoredFile(name, 1, 1, "0" * 64)])
    assert remove_first_version(str(tmp_path)) == []
    assert folder.current() is not None
