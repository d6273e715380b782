"""What lies where: the classes of a made scene, and the geometry its painters share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.scene.made.hydrology import barren_shore, water_depth
from napari_uhrnet.scene.made.parcels import CutRule, Parcels, cut, merge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.scene.made.ground import Ground, Mask, Plane

URBAN, AGRICULTURE, RANGELAND, FOREST, WATER, BARREN = range(1, 7)

_LEAST_CLASSES = 4
_LEAST_SHARE = 0.015
_ATTEMPTS = 40


@dataclass(frozen=True)
class Land:
    """Labels (H, W) uint8 and the geometry behind them; depth is metres inside of the water."""

    labels: NDArray[np.uint8]
    farm: Parcels
    town: Parcels
    water_depth_m: Plane
    woods: Plane


def settle(ground: Ground) -> Ground:
    """The ground with the first attempt that shows at least four classes, judged from afar."""
    best, most = ground, 0
    for attempt in range(_ATTEMPTS):
        tried = replace(ground, attempt=attempt)
        coarse = replace(tried, size_px=102, pixel_size_m=ground.extent_m / 102)
        shares = np.bincount(lay_out(coarse).labels.ravel(), minlength=7) / coarse.size_px**2
        classes = int((shares >= _LEAST_SHARE).sum())
        if classes > most:
            best, most = tried, classes
        if most >= _LEAST_CLASSES:
            break
    return best


def lay_out(ground: Ground) -> Land:
    """Decide the class of every pixel: cover, then woods, bare soil, towns and water on top."""
    rng = ground.rng("recipe")
    farm, town = _farm_parcels(ground), _town_blocks(ground)
    labels = _open_land(ground, farm, rng)
    woods = _woods(ground, farm, rng)
    labels[woods > 0] = FOREST
    labels[_bare(ground, rng)] = BARREN
    depth = water_depth(ground)
    labels[barren_shore(ground, depth)] = BARREN
    labels[_built_up(ground, town, rng)] = URBAN
    labels[depth > 0] = WATER
    return Land(labels, farm, town, depth, woods)


def _farm_parcels(ground: Ground) -> Parcels:
    """Districts of one direction and lot size each, cut into fields."""
    rng = ground.rng("farm")
    count = int(rng.integers(2, 6))
    angle, small = rng.uniform(0, np.pi), rng.uniform(18, 70)
    parts, nearest, choice = [], None, np.zeros((ground.size_px,) * 2, np.uint8)
    for k in range(count):
        lot = small * rng.uniform(0.7, 1.5)
        strip = lot * rng.uniform(0.8, 2.5)
        turn = angle + rng.normal(0, 0.15) + (rng.random() < 0.3) * rng.uniform(0, np.pi)
        rule = CutRule(turn, (0.6 * strip, 1.5 * strip), (0.4 * lot, 2.2 * lot), rng.uniform(2, 16))
        parts.append(cut(ground, f"farm {k}", rule))
        distance = _distance(ground, *rng.uniform(0, 1, 2)) + 25 * ground.noise(f"side {k}", 200)
        if nearest is None:
            nearest = distance
        else:
            closer = distance < nearest
            choice[closer] = k
            np.minimum(nearest, distance, out=nearest)
    return merge(choice, parts)


def _town_blocks(ground: Ground) -> Parcels:
    """Street blocks over the whole ground; which are built up is decided later."""
    rng = ground.rng("town")
    depth, length = rng.uniform(34, 64), rng.uniform(60, 130)
    rule = CutRule(
        rng.uniform(0, np.pi), (0.8 * depth, 1.3 * depth), (0.6 * length, 1.5 * length),
        rng.choice([3.0, 10.0, 28.0]),
    )  # fmt: skip
    return cut(ground, "town", rule)


def _open_land(ground: Ground, farm: Parcels, rng: np.random.Generator) -> NDArray[np.uint8]:
    share = rng.choice([rng.uniform(0.05, 0.4), rng.uniform(0.4, 0.95)], p=[0.35, 0.65])
    field = ground.noise("cover", rng.uniform(250, 600), 3)
    worked = farm.at_centres(field, ground.pixel_size_m) > _upper(field, share)
    return np.where(worked, AGRICULTURE, RANGELAND).astype(np.uint8)[farm.index]


def _woods(ground: Ground, farm: Parcels, rng: np.random.Generator) -> Plane:
    """(H, W) positive inside of woods: natural stands, and parcels planted with trees."""
    share = rng.choice([0.003, rng.uniform(0.03, 0.25), rng.uniform(0.3, 0.75)], p=[0.3, 0.5, 0.2])
    field = ground.noise("woods", rng.uniform(110, 380), 4)
    woods = field - np.float32(_upper(field, share))
    planted = rng.random(len(farm.size_uv_m)) < 0.1 * share
    woods[planted[farm.index]] = 0.5
    return woods


def _bare(ground: Ground, rng: np.random.Generator) -> Mask:
    """(H, W) bool: quarries, sand and stripped soil."""
    if rng.random() < 0.35:
        return np.zeros((ground.size_px,) * 2, bool)
    return blobs(ground, "bare", int(rng.integers(1, 5)), (45, 210), rng, 0.42) > 0


def _built_up(ground: Ground, town: Parcels, rng: np.random.Generator) -> Mask:
    """(H, W) bool: whole street blocks of towns and hamlets."""
    reach = np.full((ground.size_px,) * 2, -1, np.float32)
    if rng.random() < 0.7:
        reach = blobs(ground, "towns", int(rng.integers(1, 3)), (130, 480), rng)
    hamlets = int(rng.integers(0, 9))
    if hamlets:
        reach = np.maximum(reach, blobs(ground, "hamlets", hamlets, (22, 60), rng))
    built: Mask = (town.at_centres(reach, ground.pixel_size_m) > 0)[town.index]
    return built


def blobs(
    ground: Ground,
    name: str,
    count: int,
    radius_m: tuple[float, float],
    rng: np.random.Generator,
    fray_share: float = 0.25,
) -> Plane:
    """(H, W) positive inside of round areas with frayed outlines, centred within the scene."""
    fray = ground.noise(name, 0.8 * radius_m[1], 4)
    reach = np.full(fray.shape, -np.inf, np.float32)
    for _ in range(count):
        y, x = rng.uniform(0.05, 0.95, 2)
        radius = min(rng.uniform(*radius_m), 0.45 * ground.extent_m)
        np.maximum(reach, 1 - _distance(ground, y, x) / np.float32(radius), out=reach)
    return reach + np.float32(fray_share) * fray


def _distance(ground: Ground, y: float, x: float) -> Plane:
    """(H, W) metres from a point given as a fraction of the extent."""
    axis = ground.axis_m
    dy, dx = axis - np.float32(y * ground.extent_m), axis - np.float32(x * ground.extent_m)
    distance: Plane = np.sqrt((dy * dy)[:, None] + (dx * dx)[None, :])
    return distance


def _upper(field: Plane, share: float) -> float:
    """The value that ``share`` of a field exceeds."""
    step = max(1, len(field) // 128)
    return float(np.quantile(field[::step, ::step], 1 - share))
