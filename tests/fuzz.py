"""Files of the corpus with damage of every kind, decoded where nothing they do can hurt.

An input is a number: the same number makes the same bytes on every machine. Inputs are decoded in
a child process with bounded memory and time; one that ends the child is named by its number, and
the next child continues behind it.

By hand: ``python tests/fuzz.py FIRST COUNT`` prints a line for each input.
"""

import json
import random
import resource
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from corpus import MAX_PIXELS, Kept, kinds

FOLDERS = ("Formats", "Transparent", "Turned", "Metadata", "Colours", "Phone", "Odd", "Special")
"""Folders of the corpus whose photographs are damaged."""
SIZE = 224
MEMORY_BYTES = 4 << 30
"""Address space of a child: enough for the largest photograph allowed."""
SECONDS = 20
"""An input that takes longer ends its child."""


@dataclass
class Report:
    """What became of a range of inputs.

    Attributes:
        outcomes: Inputs by ``pixels`` or the reason why there are none.
        failed: Exception, or how the child ended, by input; there must be none.
        slowest: Seconds.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    failed: dict[int, str] = field(default_factory=dict)
    slowest: float = 0.0

    @property
    def inputs(self) -> int:
        """Inputs that were decoded or ended a child."""
        return self.outcomes.total() + len(self.failed)


def fuzz(first: int, count: int) -> Report:
    """Decode inputs ``first`` to ``first + count - 1`` in child processes."""
    report, number, end = Report(), first, first + count
    while number < end:
        command = [sys.executable, __file__, str(number), str(end - number)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}  # libtiff is chatty
        with subprocess.Popen(command, text=True, **pipes) as child:
            for line in child.stdout or ():
                outcome, raised, seconds = json.loads(line)
                if raised:
                    report.failed[number] = raised
                else:
                    report.outcomes[outcome] += 1
                report.slowest = max(report.slowest, seconds)
                number += 1
        if child.returncode:
            report.failed[number] = f"exit code {child.returncode}"
            number += 1
    return report


# --- the child -----------------------------------------------------------------------------------


def decode_range(first: int, count: int, folder: str) -> None:
    """Print outcome, exception and seconds of each input, as JSON, line by line."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for number in range(first, first + count):
        content = make_input(number)
        began = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, SECONDS)  # its default action ends the process
        outcome, raised = "", ""
        try:
            outcome = _outcome(content, Path(folder) / "x.jpg")
        except Exception as error:
            raised = repr(error)
        signal.setitimer(signal.ITIMER_REAL, 0)
        seconds = round(time.perf_counter() - began, 3)
        print(json.dumps([outcome, raised, seconds]), flush=True)  # noqa: T201


def _outcome(content: bytes, file: Path) -> str:
    """What the two steps on a worker make of a file with this content."""
    from fruits_kedro.photos.decoding import decode
    from fruits_kedro.photos.reading import read_photograph
    from fruits_kedro.photos.reasons import Reason

    file.write_bytes(content)
    read = read_photograph(str(file), MAX_PIXELS)
    if read.reason is not None:
        return str(read.reason)
    pixels = decode(read.content, SIZE)
    if isinstance(pixels, Reason):
        return pixels
    assert (pixels.shape, pixels.dtype) == ((SIZE, SIZE, 3), "uint8")
    return "pixels"


# --- inputs --------------------------------------------------------------------------------------


def make_input(number: int) -> bytes:
    """The bytes of an input: a photograph in some encoding, with one to four damages."""
    rng = random.Random(number)
    content = bytearray(rng.choice(_photographs()))
    for _ in range(rng.randint(1, 4)):
        damage = rng.choice(DAMAGES)
        if content:
            damage(content, rng)
    if content.startswith(b"\x89PNG") and rng.random() < 0.7:
        return _with_right_checksums(bytes(content))
    return bytes(content)


@cache
def _photographs() -> list[bytes]:
    kept = (kind for kind in kinds() if isinstance(kind.outcome, Kept))
    return [kind.content for kind in kept if kind.path.split("/")[1] in FOLDERS]


def _set_byte(content: bytearray, rng: random.Random) -> None:
    content[rng.randrange(len(content))] = rng.choice((0, 1, 127, 128, 255, rng.getrandbits(8)))


def _set_early_byte(content: bytearray, rng: random.Random) -> None:
    """Headers are short and decide most."""
    content[rng.randrange(min(len(content), 200))] = rng.getrandbits(8)


def _flip_bit(content: bytearray, rng: random.Random) -> None:
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _set_number(content: bytearray, rng: random.Random) -> None:
    """Sizes, counts and offsets are numbers of two or four bytes."""
    value = rng.choice((0, 1, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF, rng.getrandbits(32)))
    at = rng.randrange(min(len(content), 300) + 1)
    packed = struct.pack(rng.choice("<>") + "I", value)
    content[at : at + 4] = packed if rng.random() < 0.5 else packed[:2]


def _cut(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content) + 1) :]


def _remove(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content) + 1)
    del content[at : at + rng.randint(1, 200)]


def _insert(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content) + 1)
    content[at:at] = rng.randbytes(rng.randint(1, 50))


def _repeat(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content) + 1)
    piece = content[at : at + rng.randint(1, 500)]
    content[at:at] = piece * rng.randint(1, 5)


def _splice(content: bytearray, rng: random.Random) -> None:
    """Continue as another photograph, perhaps of another format."""
    other = rng.choice(_photographs())
    content[rng.randrange(len(content) + 1) :] = other[rng.randrange(len(other)) :]


# Most damage is small: what is half gone seldom gets past the header.
DAMAGES = (
    *(_set_byte, _set_early_byte, _flip_bit, _set_number) * 4,
    *(_insert, _remove, _repeat),
    *(_cut, _splice),
)


def _with_right_checksums(content: bytes) -> bytes:
    """A PNG whose chunks carry the checksums of what they hold, so that decoders look inside."""
    result, at = bytearray(content[:8]), 8
    while at + 12 <= len(content):
        [length] = struct.unpack_from(">I", content, at)
        end = at + 8 + length
        if end + 4 > len(content):
            break
        checksum = zlib.crc32(content[at + 4 : end])
        result += content[at:end] + struct.pack(">I", checksum)
        at = end + 4
    return bytes(result + content[at:])


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        decode_range(int(sys.argv[1]), int(sys.argv[2]), folder)
