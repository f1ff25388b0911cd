"""Makes many distinct photographs out of few: ``python -m bench.grow FOLDER OUT --times 10``.

Each copy gets a comment segment of its own. So its bytes and its sha256 are new, which is what
makes the project read and compute it, while its pixels, and with them the cost of decoding, are
those of the photograph it was made from. Encoding it anew would change the size of the file and the
cost of decoding, which would then be measured instead of the growth.
"""

import argparse
from pathlib import Path

from bench.photographs import list_photographs

START_OF_IMAGE = b"\xff\xd8"
COMMENT = b"\xff\xfe"


def with_comment(photograph: bytes, text: str) -> bytes:
    """A JPEG file with a comment after its application segments.

    Raises:
        ValueError: Where the bytes are not those of a JPEG file.

    Source: ITU-T T.81, B.2.4.5
    """
    if not photograph.startswith(START_OF_IMAGE):
        raise ValueError("not a JPEG file")
    content = text.encode()
    segment = COMMENT + (len(content) + 2).to_bytes(2, "big") + content
    place = _end_of_application_segments(photograph)
    return photograph[:place] + segment + photograph[place:]


def _end_of_application_segments(photograph: bytes) -> int:
    """Where APP0 … APP15 end: JFIF wants its own directly after the start of the image."""
    place = len(START_OF_IMAGE)
    while photograph[place] == 0xFF and 0xE0 <= photograph[place + 1] <= 0xEF:
        place += 2 + int.from_bytes(photograph[place + 2 : place + 4], "big")
    return place


def grow(folder: Path, output: Path, times: int) -> int:
    """Write ``times`` distinct copies of every photograph, in the same folders below ``output``.

    A copy's name begins with the whole stem of its photograph, so that capture groups stay.

    Returns:
        The number of photographs written.
    """
    written = 0
    for path in list_photographs(folder):
        content = path.read_bytes()
        place = output / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        for copy in range(times):
            target = place.with_name(f"{path.stem}-copy{copy}{path.suffix}")
            target.write_bytes(with_comment(content, f"copy {copy}"))
            written += 1
    return written


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--times", type=int, default=10)
    arguments = parser.parse_args()
    written = grow(arguments.folder, arguments.output, arguments.times)
    print(f"{written} photographs in {arguments.output}")


if __name__ == "__main__":
    main()
