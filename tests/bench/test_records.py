"""The results file: nothing measured is lost, half a line does no harm."""

from bench.records import Records


def record(part: str, number: int = 1, **values: object) -> dict[str, object]:
    return {"part": part, "variant": "", "round": number, **values}


def test_no_file_is_no_result(tmp_path):
    records = Records(tmp_path / "results.jsonl")
    assert records.all() == []
    assert records.find("original", "", 1) is None


def test_results_are_found_by_part_variant_and_round(tmp_path):
    records = Records(tmp_path / "work" / "results.jsonl")
    first, second = record("original", 1, seconds=1.5), record("original", 2, seconds=2.5)
    records.add(first)
    records.add(second)
    assert records.all() == [first, second]
    assert records.find("original", "", 2) == second
    assert records.find("original", "int8", 2) is None


def test_the_newest_of_two_results_counts(tmp_path):
    records = Records(tmp_path / "results.jsonl")
    records.add(record("original", 1, seconds=1))
    records.add(record("original", 1, seconds=2))
    found = records.find("original", "", 1)
    assert found is not None
    assert found["seconds"] == 2


def test_a_line_that_was_cut_off_is_left_out_and_the_next_is_whole(tmp_path):
    records = Records(tmp_path / "results.jsonl")
    records.add(record("original"))
    with records.path.open("a") as file:
        file.write('{"part": "keras", "roun')
    assert records.all() == [record("original")]
    records.add(record("keras"))
    assert records.all() == [record("original"), record("keras")]
