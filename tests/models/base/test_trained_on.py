"""Keys of images: the same for a copy, another for another image."""

from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.models.base.trained_on import DIGITS, image_key, joined, keys


def made(folder, name, size=10):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(b"x" * size)
    return path


def test_a_copy_is_the_same_and_another_name_or_size_is_not(tmp_path):
    image = made(tmp_path / "a", "1_sat.jpg")
    assert image_key(image) == image_key(made(tmp_path / "b", "1_sat.jpg"))
    assert image_key(image) != image_key(made(tmp_path / "b", "2_sat.jpg"))
    assert image_key(image) != image_key(made(tmp_path / "c", "1_sat.jpg", size=11))
    assert len(image_key(image)) == DIGITS


def test_a_folder_that_is_an_image_is_known_by_its_name(tmp_path):
    image = tmp_path / "a.zarr"
    made(image, "zarr.json")
    before = image_key(image)
    made(image, "c")
    assert image_key(image) == before


def test_a_line_holds_each_image_once_in_order(tmp_path):
    images = [made(tmp_path, f"{k}.png") for k in range(5)]
    line = joined([*images, images[0]])
    assert line == "".join(sorted(map(image_key, images)))
    assert joined(reversed(images[2:]), joined(images[:3])) == line


@given(st.sets(st.text("0123456789abcdef", min_size=DIGITS, max_size=DIGITS)))
def test_keys_are_those_of_the_line(some):
    assert keys(joined((), "".join(some))) == some
