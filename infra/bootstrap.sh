#!/usr/bin/env bash
# Bootstrap action of EMR on EC2: a virtual environment of the uploaded wheels and of nothing else.
# usage: bootstrap.sh PLACE    (s3://bucket/environments/…, or a folder)
# FRUITS_PREFIX and FRUITS_PROFILE say where else it goes (a test, an image).
set -euo pipefail

place=${1:?usage: bootstrap.sh s3://bucket/environments/…}
prefix=${FRUITS_PREFIX:-/opt/fruits-kedro}
profile=${FRUITS_PROFILE:-/etc/profile.d/fruits-kedro.sh}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

if ! command -v python3.11 > /dev/null; then
    # The interpreter is Amazon Linux's own; packages come from the wheels only.
    as_root dnf install --quiet --assumeyes python3.11 \
        || { echo "Python 3.11 is missing on this node and could not be installed" >&2; exit 1; }
fi

folder=$place
if [[ $place == s3://* ]]; then
    folder=$(mktemp --directory)
    trap 'rm -rf "$folder"' EXIT
    aws s3 cp --quiet --recursive --exclude '*' --include 'wheels/*' --include requirements.txt \
        "${place%/}/" "$folder/"
fi
[ -s "$folder/requirements.txt" ] \
    || { echo "There is no requirements.txt in $place: upload the package first" >&2; exit 1; }

as_root python3.11 -m venv --clear "$prefix"
as_root "$prefix/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \
    --no-index --no-deps --require-hashes \
    --find-links "$folder/wheels" --requirement "$folder/requirements.txt"

# For shells and notebooks on the node; Spark itself reads it from the cluster's configuration,
# because its own files are written after bootstrap actions.
printf 'export PYSPARK_PYTHON=%s\nexport PYSPARK_DRIVER_PYTHON=%s\n' \
    "$prefix/bin/python" "$prefix/bin/python" | as_root tee "$profile" > /dev/null
