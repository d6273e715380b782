"""GLNet: "Collaborative Global-Local Networks for Memory-Efficient Segmentation of Ultra-High
Resolution Images", CVPR 2019, with the layers, names and arithmetic of the published code.

The published module remembers maps from call to call. Here every step is a function of its
arguments: `encode_frame`, then `encode_patches` for any patches of the frame, `refine_frame` once
all of them are merged (mode 3), `fuse` for any patch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional as F

from napari_uhrnet.models.glnet.places import crop
from napari_uhrnet.models.glnet.pyramid import (
    WIDTH,
    BranchMaps,
    GlobalPyramid,
    LocalPyramid,
    levels,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.glnet.pyramid import Levels, SharedMaps


class GLNet(nn.Module):
    """Both branches and the convolution that makes one prediction of them.

    Parameters
    ----------
    classes
        Number N of classes; 7 for DeepGlobe, the unknown one (0) included.
    backbone, width
        Another backbone (any timm features_only network) and narrower pyramids; the published
        network has ResNet-50 and 256.
    """

    def __init__(self, classes: int = 7, backbone: str = "resnet50", width: int = WIDTH) -> None:
        super().__init__()
        self.classes = classes
        self.features = 2 * width
        self.resnet_global, channels = _new_backbone(backbone)
        self.resnet_local, _ = _new_backbone(backbone)
        self.fpn_global = GlobalPyramid(classes, channels, width)
        self.fpn_local = LocalPyramid(classes, channels, width)
        self.ensemble_conv = nn.Conv2d(2 * self.features, classes, 3, padding=1)
        for module in (*self.fpn_global.children(), *self.fpn_local.children()):
            nn.init.normal_(module.weight, std=0.01)  # type: ignore[arg-type]
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        nn.init.normal_(self.ensemble_conv.weight, std=0.01)

    def encode_frame(self, frame: Tensor) -> BranchMaps:
        """The global branch alone (modes 1 and 2, and the frozen network of mode 3).

        Parameters
        ----------
        frame
            (1, 3, s, s) RGB in 0..1: a frame made small (`published.shrink_frame`).
        """
        maps: BranchMaps = self.fpn_global(_backbone(self.resnet_global, frame))
        return maps

    def encode_patches(
        self,
        patches: Tensor,
        frame: BranchMaps,
        boxes: Sequence[Window],
        frame_yx: tuple[int, int],
    ) -> BranchMaps:
        """The local branch, which sees the frame's maps at its place.

        Parameters
        ----------
        patches
            (B, 3, p, p) RGB in 0..1.
        frame
            What `encode_frame` made of the frame.
        boxes
            The B patches' windows in pixels counted from the frame's corner.
        frame_yx
            (height, width) of the frame in pixels, before it was made small.
        """
        own = _backbone(self.resnet_local, patches)
        sizes = [x.shape[-2:] for x in own]
        seen = frame.shared.map(lambda x, k: crop(x, boxes, frame_yx, sizes[k]))
        maps: BranchMaps = self.fpn_local(own, seen)
        return maps

    def refine_frame(self, frame: Tensor, patches: SharedMaps) -> BranchMaps:
        """The global branch together with the maps of all patches, put together by `FrameMerge`."""
        maps: BranchMaps = self.fpn_global(_backbone(self.resnet_global, frame), patches)
        return maps

    def local_share(self, features: Tensor) -> Tensor:
        """The part of the fused logits (B, N, h, w) that patches' features (B, 512, h, w) give.

        The ensemble is one convolution over both branches' features, so it is a sum of two: of a
        patch that waits for its frame to be refined, this part is all that must be kept.
        """
        return F.conv2d(features, self.ensemble_conv.weight[:, : self.features], padding=1)

    def fuse(
        self,
        local_share: Tensor,
        frame: BranchMaps,
        boxes: Sequence[Window],
        frame_yx: tuple[int, int],
    ) -> Tensor:
        """Fused logits (B, N, h, w) of patches.

        Parameters
        ----------
        local_share
            What `local_share` gave for the B patches.
        frame
            The frame as `encode_frame` saw it (mode 2) or `refine_frame` (mode 3).
        boxes, frame_yx
            As for `encode_patches`.
        """
        seen = crop(frame.features, boxes, frame_yx, local_share.shape[-2:])
        conv = self.ensemble_conv
        share = F.conv2d(seen, conv.weight[:, self.features :], conv.bias, padding=1)
        return local_share + share


def _new_backbone(name: str) -> tuple[nn.Module, list[int]]:
    """A backbone without classifier (torchvision's names for ResNets); channels coarse to fine."""
    import timm  # slow to import, and only needed where a network is built

    # The last four levels are those at strides 4, 8, 16, 32.
    backbone = timm.create_model(
        name, features_only=True, pretrained=False, out_indices=(-4, -3, -2, -1)
    )
    return backbone, backbone.feature_info.channels()[::-1]


def _backbone(backbone: nn.Module, pixels: Tensor) -> Levels:
    return levels(reversed(backbone(pixels)))
