"""Global-local fusion: the one place where both branches meet."""

from __future__ import annotations

from torch import Tensor, nn

from napari_uhrnet.models.uhrnet.branch import conv_block, norm


class GlobalLocalFusion(nn.Module):
    """Reduce what lies side by side, then mix with the cells around (docs/method.md, 3).

    The reduction is a 1 x 1 convolution of both features, one beside the other. It is a sum of two
    convolutions, and sampling a frame at a patch's place is linear too: so the frame's share is
    computed once on the frame's few cells (`of_frame`), and what is sampled for each patch is the
    share, with ``inner`` channels. The result is the same.

    Parameters
    ----------
    patch_channels, frame_channels
        Channels of the features of patches and of the frame.
    inner
        Channels of the fusion and of what comes out.
    """

    def __init__(self, patch_channels: int, frame_channels: int, inner: int) -> None:
        super().__init__()
        self.of_patch = nn.Conv2d(patch_channels, inner, 1, bias=False)
        self.of_frame = nn.Conv2d(frame_channels, inner, 1, bias=False)
        self.mix = nn.Sequential(norm(inner), nn.ReLU(inplace=True), conv_block(inner, inner, 3))

    def forward(self, patches: Tensor, frame_share: Tensor) -> Tensor:
        """(B, inner, h, w) from patches' features (B, C, h, w) and the frame's share there."""
        mixed: Tensor = self.mix(self.of_patch(patches) + frame_share)
        return mixed
