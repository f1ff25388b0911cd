"""What was measured, and which promises it keeps."""

from collections.abc import Sequence

from bench.measures import Measures
from bench.records import Record
from bench.tables import UNKNOWN, render_table, write_spread
from bench.targets import Target


def introduce(about: Record, rounds: int) -> str:
    """What was measured, on what, when, and by which command."""
    machine, versions = about["machine"], about["versions"]
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    times = "round" if rounds == 1 else "rounds"
    return (
        f"Written by `{about['command']}` (`make bench`); not to be edited by hand.\n\n"
        f"{about['photographs']:,} photographs, {rounds} {times}, {about['date']}, commit "
        f"`{about['commit']}`. {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}. {named}.\n\n"
        "Every figure is the median of the rounds, with the smallest and the largest in "
        "parentheses. A ratio is taken within each round, so that both sides met the same state of "
        "the machine. Every measurement is a process of its own on fresh storage; all files had "
        "been read once before, so that nobody waits for the disk."
    )


def render_targets(title: str, targets: Sequence[Target], measures: Measures) -> str:
    """Promises and what was measured."""
    rows = []
    for target in targets:
        figure = target.figure(measures)
        rows.append(
            [
                target.what,
                target.write_limit(target.floor),
                target.write_limit(target.aim),
                UNKNOWN if figure is None else target.write(figure.median),
                UNKNOWN if figure is None else write_spread(figure, target.form),
                target.verdict(figure),
            ]
        )
    head = ["", "floor", "out for", "median", "spread", ""]
    return f"## {title}\n\n{render_table(head, rows)}"
