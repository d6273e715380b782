"""See why a pixel has its class: probabilities of each branch, and which one decided: ``[OUT]``."""

import csv
import sys
from pathlib import Path
from tempfile import mkdtemp

from napari_uhrnet import load_model, open_scene
from napari_uhrnet.engine.inspect.point import point_state, probabilities_at
from napari_uhrnet.resources import resource_path

out = Path(sys.argv[1] if len(sys.argv) > 1 else mkdtemp()) / "why.csv"
model = load_model("uhrnet-light")
with open_scene(resource_path("scenes", "landcover.tif")) as scene:
    found = probabilities_at(point_state(scene, model), y=1540, x=489)
assert found is not None, "the scene has no data there"
with out.open("w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["branch", *model.classes.names.values()])
    rows.writerows([name, *branch.probabilities] for name, branch in found.branches.items())
for name, branch in found.branches.items():
    print(f"{name}: {model.classes.names[branch.class_id]} ({branch.confidence:.0%})")
print(f"decided by: {found.decided_by}\nwritten to {out}")
