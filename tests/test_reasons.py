"""The reasons are a closed list, and the document has it word by word."""

import re

from corpus import Rejected, kinds

from fruits_kedro.photos.reasons import SENTENCES, Reason

ROW = re.compile(r"\| `(\w+)` \| (.+?) \| `(\w+(?:`, `\w+)*)` \|")


def test_the_document_has_every_reason_with_its_sentence(project):
    rows = [
        ROW.fullmatch(line)
        for line in (project / "docs/troubleshooting.md").read_text().split("\n")
    ]
    told = {row[1]: row[2] for row in rows if row}
    assert told == {reason.value: sentence for reason, sentence in SENTENCES.items()}
    assert list(told) == [reason.value for reason in Reason]
    places = {place for row in rows if row for place in row[3].split("`, `")}
    assert places == {"photographs", "features", "inference_predictions"}


def test_a_sentence_is_one():
    for sentence in SENTENCES.values():
        assert re.fullmatch(r"[A-Z][^.]*(\w\.\w[^.]*)*\.", sentence), sentence


def test_the_corpus_has_a_file_for_every_reason_that_a_file_causes():
    """tests/faults/test_crashing_photos.py plays the crash, tests/photos/test_formats.py a machine
    without pi-heif, tests/pipelines/test_inference.py an ignored name."""
    found = {kind.outcome.reason for kind in kinds() if isinstance(kind.outcome, Rejected)}
    others = {Reason.DECODER_CRASHED, Reason.HEIF_NOT_SUPPORTED, Reason.IGNORED}
    assert set(Reason) - found == others
