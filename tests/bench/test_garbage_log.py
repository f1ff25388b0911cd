"""Reading a JVM's log of its collections."""

from bench.garbage_log import heaps_left, largest_heap_left, log_option

LOG = """\
[0.003s][info][gc] Using G1
[0.124s][info][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 10M->9M(128M) 4.684ms
[0.300s][info][gc] GC(1) Concurrent Mark Cycle
[0.400s][info][gc] GC(1) Pause Remark 2048K->512K(784M) 38.751ms
[0.500s][info][gc] GC(2) Pause Full (System.gc()) 3G->2G(4G) 100.000ms
"""


def test_every_pause_says_what_it_left():
    assert heaps_left(LOG) == [9.4, 0.5, 2147.5]


def test_the_largest_of_all_logs_counts(tmp_path):
    log_option(tmp_path / "logs")
    (tmp_path / "logs" / "gc-1.log").write_text(LOG.splitlines()[1])
    (tmp_path / "logs" / "gc-2.log").write_text("")
    assert largest_heap_left(tmp_path / "logs") == 9.4


def test_no_collection_is_unknown(tmp_path):
    option = log_option(tmp_path / "logs")
    assert option == f"-Xlog:gc:file={tmp_path}/logs/gc-%p.log"
    assert largest_heap_left(tmp_path / "logs") is None
