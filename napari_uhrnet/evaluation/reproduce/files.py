"""The tables of a reproduction as files: ``tables.md`` to read, ``tables.json`` for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_uhrnet.evaluation.reproduce.tables import TOGETHER, name_of
from napari_uhrnet.store.files.disk import disk_errors, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_TITLES = {"main": "Main table", "ablation": "Ablation"}
_RULES = {
    "count": "a class predicted where the ground truth is unknown is wrong, as in GLNet's scores",
    "ignore": "pixels of unknown ground truth are left out",
}


def write_tables(out: Path, found: dict[str, Any]) -> None:
    """Both files, each whole or not at all."""
    with disk_errors(out, "the folder", "choose another --out"):
        write_whole(out / "tables.json", (json.dumps(found, indent=2) + "\n").encode())
        write_whole(out / "tables.md", markdown(found).encode())


def markdown(found: dict[str, Any]) -> str:
    """The tables beside the published numbers, what holds of these, and how it was measured."""
    lines = ["# The UHRNet paper's tables, measured", "", *_measured_how(found)]
    for table, title in _TITLES.items():
        rows = [row for row in found["rows"] if row["table"] == table]
        if not rows:
            continue
        lines += ["", f"## {title}", "", *_mean_table(rows, found)]
        lines += ["", *_orders(found, table)]
        if table == "ablation":
            lines += ["", *_differences(found)]
        lines += ["", f"### {title}: every branch", "", *_branches(rows, found)]
    return "\n".join(lines) + "\n"


def _measured_how(found: dict[str, Any]) -> list[str]:
    settings, scenes = found["settings"], found["scenes"]
    done = sum(len(row["seeds"]) for row in found["rows"])
    folders = {part: n for part, n in scenes.items() if part != TOGETHER} or scenes
    counted = ", ".join(f"{part} {n}" for part, n in folders.items())
    return [
        f"Published: {found['source']}. Measured: mIoU in %, mean over seeds and, after ±, the "
        f"standard deviation over seeds. {done} of {len(found['rows']) * found['seeds']} results "
        "are there.",
        "",
        f"- Scale: {settings['scale']}. {found['matched']}",
        f"- Scored scenes: {counted} (part {found['scored_part']!r}"
        + (f", without {', '.join(settings['drop'])}" if settings["drop"] else "")
        + f"); {_RULES[settings['unknown']]}.",
        "- Columns of the main table: one-branch networks on patches (local) or on the downsampled "
        "frame (global); of two branches the read-out into the patches (local) or into the frame "
        "(global). Rows of the ablation with both branches are read out into the frame.",
        "- Backbones of UHRNet and GLNet start pretrained where weights can be had, and so do "
        "DeepLabv3+ and PSPNet at the light scale; all others start from random weights. "
        "`start.json` of a run lists them.",
        "- Seconds are those of one run on this machine: training, then scoring.",
    ]


def _mean_table(rows: Sequence[dict[str, Any]], found: dict[str, Any]) -> list[str]:
    parts = list(found["scenes"])
    heads = ["row", "published", *parts, "seeds", "s training", "s scoring"]
    lines = []
    for row in rows:
        means = [_mean(row["measured"][part].get("fused")) for part in parts]
        spent = row["seconds"] or {}
        times = [_number(spent.get(name), 0) for name in ("training", "scoring")]
        published = _number(row["published"], 1)
        lines.append([name_of(row), published, *means, str(len(row["seeds"])), *times])
    return _table(heads, lines)


def _branches(rows: Sequence[dict[str, Any]], found: dict[str, Any]) -> list[str]:
    parts = list(found["scenes"])
    lines = [
        [name_of(row), branch, *(_mean(row["measured"][part][branch]) for part in parts)]
        for row in rows
        for branch in row["measured"][TOGETHER]
    ]
    return _table(["row", "branch", *parts], lines)


def _orders(found: dict[str, Any], table: str) -> list[str]:
    """What holds of the published orders, in a sentence for each part and a table."""
    parts = list(found["scenes"])
    orders = [order for order in found["orders"] if order["table"] == table]
    known = [order for order in orders if order["parts"]]
    lines = ["Published orders (by the mean over seeds that both rows have):", ""]
    for part in parts if known else ():
        held = sum(order["parts"][part]["holds"] for order in known)
        lines.append(f"- {part}: {held} of {len(known)} hold.")
    lines += ["", *_table(["lower", "higher", "published", *parts], _order_rows(orders, parts))]
    return lines


def _order_rows(orders: Iterable[dict[str, Any]], parts: Sequence[str]) -> list[list[str]]:
    return [
        [
            order["lower"],
            order["higher"],
            f"{order['published']:+.1f}",
            *(_verdict(order["parts"].get(part)) for part in parts),
        ]
        for order in orders
    ]


def _verdict(gap: dict[str, Any] | None) -> str:
    if gap is None:
        return "-"
    spread = "" if gap["sd"] is None else f" ± {gap['sd']:.1f}"
    return f"{'holds' if gap['holds'] else 'does not hold'} ({gap['mean']:+.1f}{spread})"


def _differences(found: dict[str, Any]) -> list[str]:
    """Differences with intervals over scenes."""
    parts = list(found["scenes"])
    lines = [
        [
            row["without"],
            row["with"],
            "-" if row["published"] is None else f"{row['published']:+.1f}",
            *(_interval(row["parts"].get(part)) for part in parts),
            str(row["seeds"]),
        ]
        for row in found["differences"]
    ]
    return [
        "Differences on the same scenes, in points of mIoU, with 95 % intervals (bootstrap over "
        "scenes, counts summed over seeds; scenes that touch each other make them too narrow):",
        "",
        *_table(["from", "to", "published", *parts, "seeds"], lines),
    ]


def _interval(found: dict[str, Any] | None) -> str:
    if found is None:
        return "-"
    return f"{found['difference']:+.1f} [{found['low']:+.1f}, {found['high']:+.1f}]"


def _mean(found: dict[str, Any] | None) -> str:
    if found is None:
        return "-"
    return f"{found['mean']:.1f}" + ("" if found["sd"] is None else f" ± {found['sd']:.1f}")


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        f"|---{'|---:' * (len(heads) - 1)}|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
