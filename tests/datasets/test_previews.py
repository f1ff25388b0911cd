"""What Kedro-Viz shows of a dataset."""

import base64
import io
import json

from PIL import Image

from fruits_kedro.datasets import RawImagesDataset
from fruits_kedro.datasets.previews import json_preview, strip_preview, table_preview


def opened(preview: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(preview)))


def test_a_table_shows_the_head_of_long_numbers_and_null_as_null():
    rows = [{"label": None, "features": [1.0, 2.0, 3.0, 4.0, 5.0]}, {"label": "a", "features": [1]}]
    preview = table_preview(["label", "features"], rows)
    assert preview["data"] == [[None, "1, 2, 3, 4, … (5)"], ["a", "1"]]
    assert preview["index"] == [0, 1]


def test_json_counts_what_it_leaves_out():
    shown = json.loads(json_preview({"cumulative": list(range(300)), "k": 300}))
    assert shown == {"cumulative": [*range(20), "… and 280 more"], "k": 300}


def test_a_strip_leaves_out_what_is_no_photograph(sample):
    photo = next(sample.rglob("*.jpg")).read_bytes()
    assert opened(strip_preview([photo, b"a letter", b"", photo])).size == (2 * 96 + 6, 96)
    assert opened(strip_preview([])).size == (1, 96)


def test_the_image_folder_shows_one_photograph_per_label(sample):
    preview = RawImagesDataset(filepath=str(sample)).preview()
    labels = {path.parent.name for path in sample.rglob("*.jpg")}
    # One of the ten places may show nothing: a file beside the label folders is no photograph.
    assert opened(preview).width >= min(len(labels), 9) * 102 - 6
