"""``reproduce`` from the command line: what it is called with, refusals, and a break."""

import pytest
import typer
from typer.testing import CliRunner

from napari_uhrnet.cli.reproduce import ReproductionLine, register
from napari_uhrnet.errors import UserError
from tests.evaluation.reproductions import settings
from tests.hidden import hide_extras

app = typer.Typer()
app.callback()(lambda: None)
register(app)


def called(*arguments):
    result = CliRunner().invoke(app, ["reproduce", *map(str, arguments)])
    if isinstance(result.exception, UserError):
        raise result.exception
    return result


@pytest.fixture
def asked(monkeypatch):
    """What the command asks for; it writes a table."""
    calls = []

    def reproduce(settings, out, report, *, table, seeds):
        report.run(1, 2, "uhrnet-local, seed 0")
        report.note("something")
        report.note("something")
        report.step(1, 2, 0.5, 1.0)
        report.scored(0.5)
        calls.append((settings, out, table, seeds))
        out.mkdir(exist_ok=True)
        (out / "tables.md").write_text("# Tables\n")
        return seeds < 3

    monkeypatch.setattr("napari_uhrnet.evaluation.reproduce.run_all.reproduce", reproduce)
    return calls


def test_options_become_settings(asked, tmp_path):
    out, split = tmp_path / "run", tmp_path / "split.json"
    split.write_text("{}")
    options = ("--table", "main", "--scale", "paper", "--seeds", 2, "--split", split)
    result = called(f"{tmp_path}@0.5", "--out", out, *options, "--drop", "b", "--drop", "a")
    assert result.exit_code == 0 and "# Tables" in result.output
    assert (
        result.stderr.count("something") == 1 and "uhrnet-local, seed 0 (1 of 2)" in result.stderr
    )
    [(found, folder, table, seeds)] = asked
    assert (folder, table, seeds) == (out, "main", 2)
    assert found.steps == 22040 and found.scale == "paper" and found.drop == ("a", "b")
    assert found.data[0].folder == tmp_path.resolve() and found.data[0].pixel_size_m == 0.5
    assert found.split == str(split.resolve()) and found.unknown == "count"


def test_defaults_and_a_break(asked, tmp_path):
    result = called(tmp_path, "--out", tmp_path / "run", "--seeds", 3, "--split", "deepglobe")
    assert result.exit_code == 1 and "the same command resumes" in result.output
    [(found, _, table, _)] = asked
    assert found.steps == 300 and table is None and found.split == "deepglobe"


def test_refusals(tmp_path):
    wanted = settings(tmp_path)
    folders = [f"{data.folder}@2" for data in wanted.data]
    assert called(*folders, "--out", tmp_path / "run", "--steps", 2).exit_code == 2
    with pytest.raises(UserError, match="no pair of this name"):
        called(*folders, "--out", tmp_path / "run", "--drop", "nobody")
    with pytest.raises(UserError, match="no pair belongs to the part"):
        called(folders[0], "--out", tmp_path / "run", "--split", "deepglobe")
    assert not (tmp_path / "run").exists()


def test_the_main_table_needs_an_extra_and_the_ablation_does_not(asked, tmp_path, monkeypatch):
    hide_extras(monkeypatch)
    with pytest.raises(UserError, match="needs the extra reproduce"):
        called(tmp_path, "--out", tmp_path / "run")
    assert not asked and not (tmp_path / "run").exists()
    assert called(tmp_path, "--out", tmp_path / "run", "--table", "ablation").exit_code == 0


def test_the_time_left_counts_the_runs_that_are_left(monkeypatch):
    shown = []
    line = ReproductionLine()
    line.run(1, 4, "a")
    monkeypatch.setattr(line._line, "steps", lambda *values: shown.append(values))
    line.step(2, 10, 0.5, 1.5)
    assert shown == [(2, 10, 0.5, 1.5, 1.5 * 8 + 3 * 15.0)]
