"""resolve(): pure, so a table of cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.plan import Plan, Refusal, resolve
from napari_uhrnet.session.state import Intent
from tests.session.fake_engine import fake_model, fake_scene

VIEW = Window(100, 100, 300, 300)


def plan(intent: Intent, checkpoint_m: float = 1.0) -> Plan | Refusal:
    model = fake_model(checkpoint_m)
    return resolve(intent, checkpoint_m, lambda s, m: SceneLayout.build(s.shape_yx, m, model))


def refusal(intent: Intent, checkpoint_m: float = 1.0) -> str:
    result = plan(intent, checkpoint_m)
    assert isinstance(result, Refusal)
    return result.sentence


def test_visible_region_with_its_ring():
    result = plan(Intent(fake_scene(), view=VIEW))
    assert (result.window, result.ring, result.patches) == (VIEW, True, 9)
    assert not result.ask


def test_whole_scene_and_rectangle_have_no_ring():
    scene = fake_scene()
    whole = plan(Intent(scene, region="scene", view=VIEW))
    assert (whole.window, whole.ring, whole.patches) == (Window(0, 0, 1000, 1000), False, 100)
    drawn = plan(Intent(scene, region="rectangle", rectangle=Window(-50, 950, 100, 100)))
    assert (drawn.window, drawn.ring) == (Window(0, 950, 50, 50), False)


@given(
    st.integers(0, 900), st.integers(0, 900), st.integers(1, 100), st.integers(1, 100),
    st.sampled_from([0.5, 1.0, 2.0, 3.3]),
)  # fmt: skip
def test_patches_are_those_the_engine_counts(y, x, height, width, metres):
    window = Window(y, x, height, width)
    result = plan(Intent(fake_scene(pixel_size_m=metres), view=window))
    assert result.patches == result.layout.patches_in(window)


def test_more_than_200_patches_are_asked_for():
    def asks(side_px: int) -> bool:
        return plan(Intent(fake_scene(side_px), region="scene")).ask

    assert not asks(1400)
    assert asks(1500)


def test_unknown_pixel_size_is_the_checkpoints_and_said_so():
    result = plan(Intent(fake_scene(pixel_size_m=None), view=VIEW), checkpoint_m=1.196)
    assert result.pixel_size.assumed and result.layout.assumed
    assert result.layout.inference.shape_yx == (1000, 1000)
    assert result.pixel_size.note == (
        "assumed 1.2 m/px, the checkpoint's; type the true size if you know it"
    )


def test_what_was_typed_goes_before_what_the_file_says():
    result = plan(Intent(fake_scene(pixel_size_m=1.0), pixel_size_m=0.5, view=VIEW))
    assert result.layout.inference.shape_yx == (500, 500)
    assert result.pixel_size.note == ""


@pytest.mark.parametrize("metres", [0.0, -1.0, float("nan"), float("inf"), 1e5])
def test_absurd_pixel_sizes_are_refused(metres):
    assert "makes no sense" in refusal(Intent(fake_scene(), pixel_size_m=metres, view=VIEW))


def test_a_scene_far_too_fine_for_the_network_is_refused():
    sentence = refusal(Intent(fake_scene(), pixel_size_m=5e-7, view=VIEW))
    assert "to 1 x 1 px" in sentence and "--pixel-size" in sentence and sentence.endswith(".")


def test_upsampling_beyond_four_is_refused():
    assert isinstance(plan(Intent(fake_scene(pixel_size_m=4.0), view=VIEW)), Plan)
    assert "too coarse" in refusal(Intent(fake_scene(pixel_size_m=4.01), view=VIEW))


@pytest.mark.parametrize(
    ("intent", "words"),
    [
        (Intent(), "Open an image"),
        (Intent(fake_scene()), "view shows nothing"),
        (Intent(fake_scene(), view=Window(2000, 0, 9, 9)), "view shows nothing"),
        (Intent(fake_scene(), region="rectangle"), "Draw a rectangle"),
        (Intent(fake_scene(), region="rectangle", rectangle=Window(0, -9, 9, 9)), "outside"),
    ],
)
def test_refusals_say_what_to_do(intent, words):
    assert words in refusal(intent)


def test_same_work_is_the_same_patches_of_the_same_scene():
    scene = fake_scene()
    first = plan(Intent(scene, view=VIEW))
    assert first.same_work(plan(Intent(scene, view=Window(101, 105, 290, 290))))
    assert not first.same_work(plan(Intent(scene, view=Window(99, 100, 300, 300))))
    assert not first.same_work(plan(Intent(scene, pixel_size_m=0.9, view=VIEW)))
    assert not first.same_work(plan(Intent(fake_scene(), view=VIEW)))
    assert not first.same_work(None)
