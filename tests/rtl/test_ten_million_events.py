import os

import event_bench


def test_ten_million_events_arrive_whole_or_are_counted():
    figures = event_bench.run(10_000_000, int(os.environ.get("EDGE_SEED", "1")))
    assert figures["events"] == 10_000_000
    assert figures["read"] + figures["dropped"] == figures["events"] + figures["closing"]
    assert figures["dropped"] > 0 and figures["restarts"] > 50
