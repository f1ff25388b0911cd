"""From records to promises kept or not."""

import pytest
from bench_records import ABOUT, one_round, whole_benchmark

from bench.figures import Figure
from bench.measures import Measures
from bench.targets import EQUALITY, SPEED, Target


def found(measures: Measures) -> dict[str, Figure | None]:
    return {target.what: target.figure(measures) for target in (*SPEED, *EQUALITY)}


def test_every_promise_is_measured_by_a_whole_benchmark():
    figures = found(Measures(whole_benchmark()))
    assert [what for what, figure in figures.items() if figure is None] == []


def test_what_was_not_run_is_not_measured():
    measures = Measures([ABOUT])
    verdicts = [target.verdict(target.figure(measures)) for target in (*SPEED, *EQUALITY)]
    assert set(verdicts) == {"not measured"}


def test_the_whole_job_is_compared_round_by_round():
    records = [ABOUT, *one_round(1), *one_round(2, slower=1.1), *one_round(3, slower=0.9)]
    figure = SPEED[0].figure(Measures(records))
    assert figure is not None
    assert figure.median == pytest.approx(400 / 80)
    assert (figure.low, figure.high) == pytest.approx((360 / 80, 440 / 80))
    assert figure.rounds == 3


def test_speeds_are_what_they_are_called():
    figures = [target.figure(Measures(whole_benchmark())) for target in SPEED]
    medians = [figure.median for figure in figures if figure is not None]
    assert medians == pytest.approx(
        [
            400 / 80,  # whole job, without conversion and map
            400 / 50,
            (10_000 / 50) / (10_000 / 46),  # inside Spark against the ceiling
            20 / 2,
            (60 + 575 - 15) / (10 + 67 - 15),  # without conversion
            (200 + 900) / (200 + 800),
            250,
            95 / 50,
        ]
    )


def test_equality_is_what_it_is_called():
    figures = [target.figure(Measures(whole_benchmark())) for target in EQUALITY]
    medians = [figure.median for figure in figures if figure is not None]
    assert medians == pytest.approx([5e-5, 1, 0.1, 0.995, 4])


def test_a_result_measured_again_replaces_the_first():
    again = {"part": "original", "variant": "", "round": 1, "seconds": 800.0}
    figure = SPEED[0].figure(Measures([*one_round(1), again]))
    assert figure is not None
    assert figure.median == pytest.approx(800 / 80)


def target(better: str, judged: str = "median") -> Target:
    floor, aim = (3.5, 5) if better == "more" else (10.5, 10)
    return Target("", floor, aim, better, ".2f", "×", lambda _: {}, judged)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("better", "value", "verdict"),
    [
        ("more", 5.0, "aim met"),
        ("more", 4.999, "aim met"),  # written as 5.00
        ("more", 4.9, "floor met"),
        ("more", 3.5, "floor met"),
        ("more", 3.49, "floor missed"),
        ("less", 10.0, "aim met"),
        ("less", 10.1, "floor met"),
        ("less", 10.51, "floor missed"),
    ],
)
def test_a_verdict_is_of_the_number_as_it_is_written(better, value, verdict):
    assert target(better).verdict(Figure(value, value, value, 1)) == verdict


def test_a_limit_is_judged_by_the_worst_round():
    figure = Figure(10.0, 9.0, 11.0, 3)
    assert target("less").verdict(figure) == "aim met"
    assert target("less", "worst").verdict(figure) == "floor missed"
    figure = Figure(5.0, 3.0, 6.0, 3)
    assert target("more", "worst").verdict(figure) == "floor missed"


def test_limits_are_written_with_their_side():
    assert target("more").write_limit(3.5) == "≥ 3.5×"
    assert target("less").write_limit(10) == "≤ 10×"
