import os

import event_bench


def test_a_hundred_thousand_events_arrive_whole_or_are_counted():
    """Gaps equal drops exactly, through restarts of the ring; the host sees numbers early, tails never."""
    figures = event_bench.run(100_000, int(os.environ.get("EDGE_SEED", "1")))
    assert figures["read"] + figures["dropped"] == figures["events"] + figures["closing"]
    assert figures["dropped"] > 0 and figures["restarts"] > 0 and figures["early_numbers"] > 0
    assert figures["clocks_per_record"] <= 4 + 1 / 64
