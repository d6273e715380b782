"""GLNet (CVPR 2019) as published: network, loading of its weights, whole-image evaluation.

`checkpoint`  its published files as a checkpoint of this package
`tiled`       GLNet behind the protocol, a patch at a time
"""

from napari_uhrnet.models.glnet.network import GLNet
from napari_uhrnet.models.glnet.places import FrameMerge
from napari_uhrnet.models.glnet.published import published_inference, shrink_frame
from napari_uhrnet.models.glnet.weights import PublishedGLNet, load_published

__all__ = [
    "FrameMerge",
    "GLNet",
    "PublishedGLNet",
    "load_published",
    "published_inference",
    "shrink_frame",
]
