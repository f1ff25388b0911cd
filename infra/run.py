"""What spark-submit starts on a cluster: ``kedro run`` of the packaged project."""

import os
import sys
import tempfile

import fsspec

LOGGING = "conf/logging.yml"


def shipped_logging(arguments: list[str]) -> bytes:
    """``conf/logging.yml`` of the archive that ``--conf-source=`` names, on a disk or on S3."""
    for word in arguments:
        if word.startswith("--conf-source="):
            archive = fsspec.filesystem("tar", fo=word.partition("=")[2])
            if archive.exists(LOGGING):
                content: bytes = archive.cat_file(LOGGING)
                return content
    return b""


def main() -> None:
    """Run with the arguments of this process and the log format of the project."""
    # Kedro reads both variables when it is imported.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    with tempfile.NamedTemporaryFile(suffix=".yml") as file:
        if file.write(shipped_logging(sys.argv[1:])):
            file.flush()
            os.environ.setdefault("KEDRO_LOGGING_CONFIG", file.name)
        from fruits_kedro.__main__ import main as run

        run()


if __name__ == "__main__":
    main()
