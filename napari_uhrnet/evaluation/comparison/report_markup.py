"""Pieces of HTML; all text that comes in is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto;
  padding: 0 1.5rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
.share { font-size: 1.1rem; }
table { border-collapse: collapse; margin: .6rem 0 1rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem .25rem 0; text-align: right; border-bottom: 1px solid #8886; }
thead th { vertical-align: bottom; }
th:first-child, tbody th { text-align: left; font-weight: 600; }
.facts td { text-align: left; }
.wide { overflow-x: auto; }
.maps { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem;
  align-items: end; }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; break-inside: avoid; }
figcaption { font-size: .85rem; opacity: .8; margin-bottom: .3rem; }
.maps img { width: 100%; image-rendering: auto; border: 1px solid #8886; background: #8882; }
.charts img { max-width: min(100%, 34rem); background: white; }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; }
.legend span { display: inline-block; width: .9em; height: .9em; margin-right: .4em;
  border: 1px solid #8888; vertical-align: -.1em; print-color-adjust: exact; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } tr { break-inside: avoid; }
  h2 { break-after: avoid; } .maps { grid-template-columns: 1fr 1fr; } }
"""


def page(title: str, body: str) -> str:
    """A whole document with its style in it; ``body`` is HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def section(title: str, body: str) -> str:
    """A heading and what is under it; ``body`` is HTML."""
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>\n"


def figure(uri: str, caption: str) -> str:
    """A picture under its caption."""
    text = escape(caption)
    return (
        f'<figure><figcaption>{text}</figcaption><img src="{escape(uri)}" alt="{text}"></figure>\n'
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, heads: bool = False) -> str:
    """A table; with ``heads`` the first cell of each row is a heading. No head: two columns."""
    kind = "" if head else ' class="facts"'
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "\n".join(f"<tr>{_cells(row, heads)}</tr>" for row in rows)
    above = f"<thead><tr>{top}</tr></thead>" if head else ""
    return f'<div class="wide"><table{kind}>{above}\n<tbody>{body}</tbody></table></div>\n'


def _cells(row: Sequence[str], heads: bool) -> str:
    first = f'<th scope="row">{escape(row[0])}</th>' if heads else f"<td>{escape(row[0])}</td>"
    return first + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])


def swatches(entries: Iterable[tuple[str, tuple[int, int, int]]]) -> str:
    """Names with the colours that stand for them."""
    items = "".join(
        f'<li><span style="background: rgb({red}, {green}, {blue})"></span>{escape(name)}</li>'
        for name, (red, green, blue) in entries
    )
    return f'<ul class="legend">{items}</ul>\n'
