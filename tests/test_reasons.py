"""The reasons are a closed list, and the document has it word by word."""

import re

from corpus import Rejected, kinds

from fruits_kedro.photos.reasons import SENTENCES, Reason

ROW = re.compile(r"\| `(\w+)` \| (.+?) \|")


def test_the_document_has_every_reason_with_its_sentence(project):
    text = (project / "docs/troubleshooting.md").read_text()
    rows = map(ROW.fullmatch, text.partition("| reason |")[2].splitlines())
    told = {row[1]: row[2] for row in rows if row}
    assert told == {reason.value: sentence for reason, sentence in SENTENCES.items()}
    assert list(told) == [reason.value for reason in Reason]


def test_a_sentence_is_one():
    for sentence in SENTENCES.values():
        assert re.fullmatch(r"[A-Z][^.]*(\w\.\w[^.]*)*\.", sentence), sentence


def test_the_corpus_has_a_file_for_every_reason_that_a_file_causes():
    """tests/faults/test_crashing_photos.py plays the crash, tests/photos/test_formats.py a machine
    without pi-heif, tests/pipelines/test_inference.py an ignored name."""
    found = {kind.outcome.reason for kind in kinds() if isinstance(kind.outcome, Rejected)}
    others = {Reason.DECODER_CRASHED, Reason.HEIF_NOT_SUPPORTED, Reason.IGNORED}
    assert set(Reason) - found == others
