"""Segment a window of a scene and save it as a PNG in the classes' colours: ``[OUT]``."""

import sys
from pathlib import Path
from tempfile import mkdtemp

from PIL import Image

from napari_uhrnet import load_model, open_scene, segment
from napari_uhrnet.resources import resource_path

out = Path(sys.argv[1] if len(sys.argv) > 1 else mkdtemp()) / "window.png"
model = load_model("uhrnet-light")
with open_scene(resource_path("scenes", "landcover.tif")) as scene:  # nothing is read yet
    labels = segment(scene, model, window=(300, 1500, 600, 800))  # (y, x, height, width) -> uint8
picture = Image.fromarray(labels, "P")
picture.putpalette(model.classes.palette.tobytes())
picture.save(out)
for class_id, name in model.classes.names.items():
    print(f"{name}: {(labels == class_id).mean():.1%}")
print(f"written to {out}")
