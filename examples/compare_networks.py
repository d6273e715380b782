"""Compare two networks on a window: IoU between them, and a picture of where they agree: ``[OUT]``.

``napari-uhrnet compare SCENE --model A --model B --out DIR`` writes a whole report.
"""

import sys
from pathlib import Path
from tempfile import mkdtemp

from PIL import Image

from napari_uhrnet import load_model, open_scene, segment
from napari_uhrnet.geometry.metrics import Confusion
from napari_uhrnet.resources import resource_path

out = Path(sys.argv[1] if len(sys.argv) > 1 else mkdtemp()) / "agreement.png"
models = [load_model("uhrnet-light"), load_model("glnet-light")]
with open_scene(resource_path("scenes", "landcover.tif")) as scene:
    a, b = (segment(scene, model, window=(300, 1500, 600, 600)) for model in models)
Image.fromarray(a == b).save(out)  # white where they agree
counts = Confusion()
counts.add(a, b)  # rows: the first network's classes
scores = counts.scores(models[0].classes)
print(f"agreement: {scores.accuracy:.1%}")
for name, iou in scores.iou.items():
    print(f"{name}: IoU {iou:.2f}")
print(f"written to {out}")
