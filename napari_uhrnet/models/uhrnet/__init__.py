"""UHRNet.

`network`  `UHRNet`: two branches, local feature fusion, one global-local fusion
`branch`   a backbone and a feature pyramid
"""

from napari_uhrnet.models.uhrnet.network import UHRNet

__all__ = ["UHRNet"]
