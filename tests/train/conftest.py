import pytest

pytest.importorskip("torch", reason="the tests of the training need torch (extra train)")
