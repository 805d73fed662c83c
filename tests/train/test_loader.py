"""The loader: the same batches whoever draws them."""

from __future__ import annotations

import pytest
import torch
from corpora import synthetic_corpus

from edge.errors import UsageError
from train.loader import Loader, Share
from train.windows import Batch, Windows

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Windows:
    return Windows(synthetic_corpus(tmp_path_factory.mktemp("corpus") / "c", records=4), length=500)


def batches(windows: Windows, first: int, last: int, *, share: Share, workers: int = 0, seed: int = 5) -> list[Batch]:
    return list(Loader(windows, share, seed, CPU, workers).batches(first, last))


def same(one: Batch, two: Batch) -> bool:
    return all(torch.equal(getattr(one, name), getattr(two, name)) for name in ("x", "target", "mask"))


def test_hearts_are_shown_more_than_once_in_one_batch_of_so_many(windows: Windows):
    drawn = batches(windows, 0, 5, share=Share(8, hearts=2, hearts_every=3))
    assert [batch.hearts for batch in drawn] == [2, 1, 1, 2, 1]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # on a single core
def test_the_batches_do_not_depend_on_the_workers_or_on_where_they_begin(windows: Windows):
    share = Share(8, hearts=2)
    alone = batches(windows, 0, 4, share=share)
    helped = batches(windows, 0, 4, share=share, workers=2)
    late = batches(windows, 2, 4, share=share)
    assert all(map(same, alone, helped))
    assert all(map(same, alone[2:], late))
    assert not same(alone[0], alone[1])
    assert not same(alone[0], batches(windows, 0, 1, share=share, seed=6)[0])
    assert alone[0].hearts == 2
    assert torch.equal(alone[0].mask[0::2], alone[0].mask[1::2])  # a heart's windows stay together


def test_the_processes_shares_make_up_the_batch_of_one(windows: Windows):
    (whole,) = batches(windows, 3, 4, share=Share(8))
    parts = [batches(windows, 3, 4, share=Share(8, rank=rank, processes=2))[0] for rank in range(2)]
    assert torch.equal(torch.cat([part.x for part in parts]), whole.x)
    assert torch.equal(torch.cat([part.target for part in parts]), whole.target)


def test_a_batch_that_cannot_be_shared_is_told_with_what_can():
    with pytest.raises(UsageError, match="a batch of 64 cannot be shared by 3 processes: start 1 or 2 or 4 or 8"):
        Share(64, processes=3)


def test_the_time_spent_waiting_is_counted(windows: Windows):
    loader = Loader(windows, Share(4), 0, CPU)
    list(loader.batches(0, 2))
    assert loader.waited_s > 0
