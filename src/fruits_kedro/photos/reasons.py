"""Why a photograph is not in the result: a closed list, one sentence each."""

from enum import StrEnum


class Reason(StrEnum):
    """Every value of a ``reason`` column."""

    EMPTY_FILE = "empty_file"
    UNREADABLE = "unreadable"
    NAME_NOT_UTF8 = "name_not_utf8"
    NO_LABEL = "no_label"
    IGNORED = "ignored"
    TOO_MANY_BYTES = "too_many_bytes"
    NOT_AN_IMAGE = "not_an_image"
    HEIF_NOT_SUPPORTED = "heif_not_supported"
    NOT_TRUSTED = "not_trusted"
    TOO_MANY_PIXELS = "too_many_pixels"
    UNDECODABLE = "undecodable"
    DECODER_CRASHED = "decoder_crashed"
    LABEL_CONFLICT = "label_conflict"
    DUPLICATE = "duplicate"


TRIED_AGAIN = frozenset({Reason.UNREADABLE, Reason.HEIF_NOT_SUPPORTED})
"""Reasons that are not the file's fault: the next run reads it again."""

SENTENCES = {
    Reason.EMPTY_FILE: "The file has no bytes.",
    Reason.UNREADABLE: "The file was listed but could not be read (rights, vanished, storage).",
    Reason.NAME_NOT_UTF8: "The file's name is not valid UTF-8, so no table can hold its path.",
    Reason.NO_LABEL: "The file is outside of any folder that could name its label.",
    Reason.IGNORED: "The name says that the file is no photograph (ingestion.ignored_extensions).",
    Reason.TOO_MANY_BYTES: "The file is larger than ingestion.max_bytes allows; it is not read.",
    Reason.NOT_AN_IMAGE: "The bytes are in no image format that the decoder knows.",
    Reason.HEIF_NOT_SUPPORTED: "HEIC and HEIF need the package pi-heif on the machine that reads "
    "them: run pip install pi-heif there, then run again.",
    Reason.NOT_TRUSTED: "The decoder shows wrong pixels for this rare kind of TIFF or AVIF (see "
    "docs/troubleshooting.md): save the photograph as JPEG or PNG.",
    Reason.TOO_MANY_PIXELS: "The header announces more pixels than ingestion.max_pixels allows.",
    Reason.UNDECODABLE: "The header is an image's, the pixels are truncated or damaged.",
    Reason.DECODER_CRASHED: "Decoding this file ended the worker process, or took over a minute.",
    Reason.LABEL_CONFLICT: "The same bytes are under two labels, so neither can be trusted.",
    Reason.DUPLICATE: "The same bytes were kept under another path of the same label.",
}
