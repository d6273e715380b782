"""The six baselines of the UHRNet paper's main table: their papers' sizes, no weights.

`reflect`  patches that reach beyond the picture
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from napari_uhrnet.models.baselines.baseline import Baseline


@dataclass(frozen=True)
class BaselineEntry:
    """A baseline; the module of this package with its name builds it.

    ``published_parameters`` is None where its paper gives no number, ``published_source`` says
    where a number stands or what the paper gives instead. Counts depend on the number of classes:
    ``published_classes`` are those of the paper's data.
    """

    name: str
    title: str
    description: str
    paper: str
    published_parameters: int | None
    published_source: str
    published_classes: int

    def build(self, classes: int, **size: int | str) -> Baseline:
        """The network with random weights.

        Parameters
        ----------
        classes
            Channels of its logits.
        size
            Keyword arguments of the module's ``build``: ``width``, or ``encoder`` and
            ``channels``. Without any, the paper's size.
        """
        network: Baseline = import_module(f"{__name__}.{self.name}").build(classes, **size)
        return network

    def parameters(self, classes: int) -> int:
        """Number of trainable weights at the paper's size."""
        import torch

        with torch.device("meta"):
            network = self.build(classes)
        return sum(p.numel() for p in network.parameters())


_ENTRIES = (
    BaselineEntry(
        name="icnet",
        title="ICNet",
        description="three resolutions in a cascade, half of PSPNet-50's channels",
        paper="Zhao et al., ECCV 2018",
        published_parameters=None,
        published_source="the paper gives time and memory only; later ones' 26.5 M fit width=64",
        published_classes=19,
    ),
    BaselineEntry(
        name="unet",
        title="U-Net",
        description="encoder-decoder with concatenated skips, from nothing",
        paper="Ronneberger et al., MICCAI 2015",
        published_parameters=None,
        published_source="the paper gives the number of convolutions, 23",
        published_classes=2,
    ),
    BaselineEntry(
        name="pspnet",
        title="PSPNet",
        description="pyramid pooling on a dilated ResNet-101",
        paper="Zhao et al., CVPR 2017",
        published_parameters=None,
        published_source="the paper gives none",
        published_classes=21,
    ),
    BaselineEntry(
        name="segnet",
        title="SegNet",
        description="VGG-16 and its mirror image, unpooling with the stored indices",
        paper="Badrinarayanan et al., IEEE TPAMI 2017",
        published_parameters=29_460_000,
        published_source="Paszke et al., ENet, 2016; the paper itself: 14.7 M of the encoder",
        published_classes=11,
    ),
    BaselineEntry(
        name="fcn8s",
        title="FCN-8s",
        description="convolutional VGG-16 with summed scores at strides 32, 16 and 8",
        paper="Long et al., CVPR 2015",
        published_parameters=134_000_000,
        published_source="table 1 of the paper, FCN-VGG16",
        published_classes=21,
    ),
    BaselineEntry(
        name="deeplabv3plus",
        title="DeepLabv3+",
        description="atrous pyramid pooling on ResNet-101, decoder with one skip",
        paper="Chen et al., ECCV 2018",
        published_parameters=None,
        published_source="the paper gives multiply-adds only",
        published_classes=21,
    ),
)
BASELINES = {entry.name: entry for entry in _ENTRIES}
"""By name, in the order of the paper's table."""


def find_baseline(name: str) -> BaselineEntry:
    """The entry of a name; UserError if there is none."""
    if name not in BASELINES:
        raise UserError(f"{name}: no such baseline: choose one of {', '.join(BASELINES)}")
    return BASELINES[name]
