"""The mean of checkpoints' weights: ``python -m napari_uhrnet.training.average --help``.

Runs that continue one another lie close enough for their mean to be a network too, and often one
that is better on new scenes (Wortsman et al., "Model soups", ICML 2022).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from napari_uhrnet.errors import UserError, exit_on_bad_input
from napari_uhrnet.models.base.checkpoint import read_card, read_weights, save_checkpoint
from napari_uhrnet.models.base.trained_on import joined
from napari_uhrnet.training.run.start import of_use

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from napari_uhrnet.models.base.checkpoint import Card

ANEW = "fused_head."
"""Missing in a checkpoint of another kind of fusion (`start.of_use`): it starts at zero."""


def average(paths: Sequence[Path]) -> tuple[dict[str, Tensor], Card]:
    """Mean weights of checkpoints of one network; its card is the last one's.

    The kind of fusion is the last one's as well; a fusion of another kind, whose last layer would
    begin at zero in it, counts as zero there. Raises UserError if the networks are not alike.
    """
    cards = [read_card(path) for path in paths]
    wanted = cards[-1].config
    weights = [
        of_use(read_weights(path, card), card.config, wanted)
        for path, card in zip(paths, cards, strict=True)
    ]
    for path, own, card in zip(paths, weights, cards, strict=True):
        if not _alike(own, weights[-1]) or card.class_table != cards[-1].class_table:
            raise UserError(f"{path}: is not of the same network as {paths[-1]}")
    return {k: _mean(v, [own.get(k) for own in weights]) for k, v in weights[-1].items()}, cards[-1]


def _alike(own: dict[str, Tensor], last: dict[str, Tensor]) -> bool:
    lacking = set(last) - set(own)
    return set(own) <= set(last) and all(
        k.startswith(ANEW) if k in lacking else own[k].shape == v.shape for k, v in last.items()
    )


def _mean(last: Tensor, found: Sequence[Tensor | None]) -> Tensor:
    if not last.is_floating_point():
        return last
    there = [v.float() for v in found if v is not None]
    return torch.stack(there).sum(dim=0) / len(found)


def main() -> None:
    """Write the mean of checkpoints; its card lists them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", type=Path, help="a .safetensors file to write")
    parser.add_argument("checkpoints", type=Path, nargs="+", help="the last one gives the card")
    options = parser.parse_args()
    weights, card = average(options.checkpoints)
    made = [read_card(path).sha256 for path in options.checkpoints]
    training = {**card.training, "mean_of": made}
    seen = joined((), "".join(read_card(path).trained_on for path in options.checkpoints))
    described = card.model_copy(update={"training": training, "trained_on": seen, "metrics": {}})
    save_checkpoint(options.out, weights, described)


if __name__ == "__main__":
    with exit_on_bad_input():
        main()
