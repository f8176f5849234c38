import pytest

from mug.play.rollback.time_sync import MAX_STRETCH, SAMPLES, TimeSync, stretch


@pytest.mark.parametrize(
    ("local", "remote", "ahead"),
    [(0, 0, 0), (5, -5, -5), (-1, 1, 1), (-4, 4, 4), (-40, 40, 40), (2, 6, 2), (-1, 0, 0.5), (200, -200, -200)],
)
def test_that_half_the_difference_is_how_far_we_are_ahead(local: float, remote: float, ahead: float) -> None:
    sync = TimeSync()
    for _ in range(SAMPLES):
        sync.add(local, remote)
    assert sync.ahead == ahead


def test_that_only_the_last_samples_count() -> None:
    sync = TimeSync()
    for _ in range(100):
        sync.add(50, -50)
    for _ in range(SAMPLES):
        sync.add(-3, 3)
    assert sync.ahead == pytest.approx(3)


def test_that_a_window_that_is_not_full_counts_what_it_has() -> None:
    sync = TimeSync()
    assert sync.ahead == 0
    for _ in range(10):
        sync.add(-30, 30)
    assert sync.ahead == 30


def test_that_an_error_of_the_way_that_both_see_cancels_out() -> None:
    sync = TimeSync()
    for _ in range(SAMPLES):
        sync.add(-4 + 2.5, 4 + 2.5)
    assert sync.ahead == 4


def test_that_the_clock_only_ever_slows_down_and_by_no_more_than_one_percent() -> None:
    assert [stretch(ahead) for ahead in (-10, 0, 0.25, 0.5, 3, 1000)] == [1, 1, 1.005, 1.01, 1.01, 1.01]
    assert MAX_STRETCH == 0.01
