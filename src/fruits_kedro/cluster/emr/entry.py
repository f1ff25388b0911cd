"""What spark-submit starts on a cluster: ``kedro run`` of the packaged project."""

import os
import sys
import tempfile

_LOGGING = "conf/logging.yml"

MAIN_FILE = '''\
"""Starts kedro run of the packaged project; spark-submit wants a file."""

from fruits_kedro.cluster.emr.entry import main

main()
'''


def main() -> None:
    """Run with the arguments of this process, with the log's form that the project has."""
    # Before Kedro is imported, which reads both.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    with tempfile.NamedTemporaryFile(suffix=".yml") as file:
        described = shipped_logging(sys.argv[1:])
        if described:
            file.write(described)
            file.flush()
            os.environ.setdefault("KEDRO_LOGGING_CONFIG", file.name)
        from fruits_kedro.__main__ import main as run

        run()


def shipped_logging(arguments: list[str]) -> bytes | None:
    """``conf/logging.yml`` of the archive that ``--conf-source=`` names, on a disk or on S3."""
    import fsspec

    sources = [word.partition("=")[2] for word in arguments if word.startswith("--conf-source=")]
    for source in sources:
        archive = fsspec.filesystem("tar", fo=source)
        if archive.exists(_LOGGING):
            content: bytes = archive.cat_file(_LOGGING)
            return content
    return None
