"""What belongs to another network never mixes in, and is still there after going back."""

import shutil
from pathlib import Path

import h5py
import pytest
from faults.storages import REDUCED, effort, features, leaves, report, rows

from fruits_kedro.model.backbone import SHIPPED, locate_weights


def other_weights(path: Path) -> Path:
    """The shipped weights with the arrays of one layer changed a little."""
    shutil.copyfile(locate_weights(SHIPPED, "mobilenet_v2"), path)

    def change(_: str, item: h5py.HLObject) -> bool | None:
        if not isinstance(item, h5py.Dataset) or item.ndim != 4:
            return None
        item[...] *= 1.25
        return True  # h5py visits no more

    with h5py.File(path, "r+") as file:
        file.visititems(change)
    return path


@pytest.mark.faults
@pytest.mark.xdist_group("here")
def test_other_weights_recompute_and_going_back_reuses(
    runs, here, done, reference, tmp_path, total
):
    first = features(reference)
    copies = report(reference, "featurization")["inferred_copies"]
    weights = other_weights(tmp_path / "other.weights.h5")
    # A process: TensorFlow, which converts them, would stay in this one.
    runs.complete(done, featurization__weights=weights)
    assert effort(done) == (0, total, copies)
    both = features(done)
    second = {key: value for key, value in both.items() if key not in first}
    assert both == first | second
    assert len(second) == len(first)
    assert not set(first.values()) & set(second.values())
    assert report(done, "metrics")["fingerprint"] in {fingerprint for _, fingerprint, _ in second}

    here(done)
    assert effort(done) == (0, 0, 0)
    assert features(done) == both
    assert leaves(report(done, "metrics")) == leaves(report(reference, "metrics"))
    found, expected = (rows(storage, REDUCED, "components") for storage in (done, reference))
    assert found == expected
