"""Everything a run prints is a line that its user understands."""

import re

from runs import command, copy_photos, new_job, train_and_test

LINES = (
    r"Listed \S+: \d+ photographs, \d+ other files",
    r"\[\d+/\d+\] [a-z_]+: [A-Za-z0-9][^.]+",
    r"\[\d+/\d+\] [a-z_]+: unchanged",
    r"Spark \d\.\d\.\d+ is running at local\[\*,4\]",
    r"\d+ photographs to read",
    r"\d+ of \d+ photographs need features",
    r"(Reading|(Copies t|T)hrough the network): [\d,]+ of [\d,]+ photographs \(\d+%\).*",
    r"Wrote [a-z_]+: \d+ new rows of \d+",
    r"\d+ files: \d+ kept, \d+ duplicates, \d+ rejected, \d+ ignored; \d+ read in this run",
    r"\d+ photographs have features, \d+ computed in this run",
    r"reduction\.k=\d+ lowered to \d+: there are \d+ train rows of \d+ features",
    r"\d+ components explain [01]\.\d+ of the variance of \d+ train photographs and \d+ copies",
    r"\d+ copies of train photographs need features",
    r"Not calibrated: \d+ train photographs can be held out, and classification\.calibration"
    r"\.minimum is \d+: probabilities stay as they are, with temperature 1",
    r"The file for a phone has \d\.\d MB",
    r"Finished in \d+ (s|min)",
    r"\d+ photographs kept of \d+ files",
    r"\d+ photographs were read, \d+ went through the network in this run",
    r"Accuracy [01]\.\d{4} on \d+ test photographs",
    r"\d+ of \d+ test photographs have a near-duplicate in train; .+ of their label",
    r"The report has \d+\.\d MB",
    r"Recorded in \S+: kedro mlflow ui compares runs",
    r"Results are in \S+, reports in its folder 08_reporting, the page to look at is report\.html",
)
"""After the time and the level; a new one is added here when somebody has judged it."""


def not_understood(text: str) -> list[str]:
    known = re.compile(rf"\d\d:\d\d:\d\d (INFO|WARNING) ({'|'.join(LINES)})")
    return [line for line in text.splitlines() if not known.fullmatch(line)]


def test_a_run_prints_nothing_that_its_user_would_not_understand(project, tmp_path, backbone):
    job = new_job(tmp_path, backbone)
    copy_photos(train_and_test(), job.images)
    options = f"--params=images={job.images},storage={job.storage}"
    first = command(project, "kedro", "run", options)
    assert first.returncode == 0, first.stderr
    assert not_understood(first.stdout + first.stderr) == []
    for words in ("Through the network: 48 of 48", "Finished in", "Accuracy", "Results are in"):
        assert words in first.stdout
    again = command(project, "kedro", "run", options)
    assert again.returncode == 0, again.stderr
    assert not_understood(again.stdout + again.stderr) == []
    assert "0 photographs were read, 0 went through the network in this run" in again.stdout
