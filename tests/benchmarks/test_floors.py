import pytest

from benchmarks import floors


def test_a_window_takes_its_macs_over_what_the_core_can_do():
    assert floors.window_ms(20_000_000, 4, 1.0, 1.0) == pytest.approx(5.0)
    assert floors.window_ms(20_000_000, 8, 2.0, 0.5) == pytest.approx(2.5)


def test_a_board_s_floor_is_told_in_ms_and_in_percent_of_a_core():
    board = floors.Board("a board", floors.Core("a core", 4, 16), 1.0)
    told = floors.floors(board, 20_000_000)
    assert told["float32"]["at 100% of the peak"] == {"ms": 5.0, "core_percent": 0.5}
    assert told["float32"]["at 50% of the peak"] == {"ms": 10.0, "core_percent": 1.0}
    assert told["int8"]["at 100% of the peak"]["ms"] == 1.25


def test_only_the_pi_5_has_a_dot_product():
    gain = {b.name: b.core.int8 / b.core.float32 for b in floors.BOARDS}
    assert [name for name, times in gain.items() if times > 2] == ["Raspberry Pi 5"]
