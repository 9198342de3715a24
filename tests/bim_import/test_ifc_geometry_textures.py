"""Images on surfaces: beside the file, inside it, as pixels; never from elsewhere, and never lost without a word."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from tests.bim_import.bodies import Bodies, Seen, imported

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff\xe0 not more than a signature \xff\xd9"


def square(bodies: Bodies, texture: str, *, coordinates: bool = True) -> str:
    """A square of two triangles with an image on it."""
    item = bodies.triangulated(
        [(0, 0, 0), (1000, 0, 0), (1000, 1000, 0), (0, 1000, 0)], [[1, 2, 3], [1, 3, 4]]
    )
    white = bodies.add("IFCCOLOURRGB($,1.,1.,1.)")
    shading = bodies.add(f"IFCSURFACESTYLESHADING({white},0.)")
    textures = bodies.add(f"IFCSURFACESTYLEWITHTEXTURES(({texture}))")
    style = bodies.add(f"IFCSURFACESTYLE($,.BOTH.,({shading},{textures}))")
    bodies.add(f"IFCSTYLEDITEM({item},({style}),$)")
    if coordinates:
        corners = bodies.add("IFCTEXTUREVERTEXLIST(((0.,0.),(1.,0.),(1.,1.),(0.,1.)))")
        bodies.add(f"IFCINDEXEDTRIANGLETEXTUREMAP(({texture}),{item},{corners},((1,2,3),(1,3,4)))")
    return bodies.element(item)


def image(bodies: Bodies, reference: str) -> str:
    return bodies.add(f"IFCIMAGETEXTURE(.T.,.F.,'DIFFUSE',$,$,'{reference}')")


def textures_of(seen: Seen) -> list[bytes]:
    return [material.texture.data for material in seen.spool.materials if material.texture is not None]


def binary(data: bytes) -> str:
    """An IfcBinary: a digit for the number of unused bits, then hexadecimal (ISO 10303-21, 6.4.6)."""
    return f'"0{data.hex().upper()}"'


def test_an_image_beside_the_file_is_on_the_mesh_with_v_downwards(tmp_path: Path) -> None:
    (tmp_path / "wood.png").write_bytes(PNG_HEAD + b"rest")
    bodies = Bodies()
    square(bodies, image(bodies, "wood.png"))
    seen = imported(bodies, tmp_path)
    assert textures_of(seen) == [PNG_HEAD + b"rest"]
    mesh = seen.spool.mesh(0)
    assert mesh.uvs is not None
    points = mesh.positions + mesh.origin
    np.testing.assert_allclose(mesh.uvs, np.column_stack([points[:, 0], 1.0 - points[:, 1]]), atol=1e-6)


def test_repeat_flags_and_the_kind_of_image_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    bodies = Bodies()
    square(bodies, image(bodies, "a.jpg"))
    (material,) = imported(bodies, tmp_path).spool.materials
    assert material.texture is not None
    assert material.texture.media_type == "image/jpeg"
    assert (material.texture.repeat_s, material.texture.repeat_t) == (True, False)


@pytest.mark.parametrize(
    "reference",
    [
        "../secret.png",
        "{above}/secret.png",
        "file://{above}/secret.png",
        "sub/../../secret.png",
        "link.png",
        "missing.png",
    ],
)
def test_images_outside_the_folder_of_the_source_are_never_read(tmp_path: Path, reference: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(PNG_HEAD + b"secret")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    bodies = Bodies()
    face = square(bodies, image(bodies, reference.format(above=tmp_path)))
    seen = imported(bodies, folder)
    assert textures_of(seen) == []
    assert seen.size(face) == [1.0, 1.0, 0.0]
    assert any("without a usable image" in warning for warning in seen.result.report.warnings)


def test_an_image_in_a_folder_below_is_read(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "墙.png").write_bytes(PNG_HEAD)
    bodies = Bodies()
    square(bodies, image(bodies, r"images\\X2\5899\X0\.png".replace("\\\\", "/\\", 1)))
    assert textures_of(imported(bodies, tmp_path)) == [PNG_HEAD]


def test_what_is_neither_png_nor_jpeg_is_named_in_the_warnings(tmp_path: Path) -> None:
    (tmp_path / "a.bmp").write_bytes(b"BM and more")
    bodies = Bodies()
    square(bodies, image(bodies, "a.bmp"))
    seen = imported(bodies, tmp_path)
    assert textures_of(seen) == []
    assert any("neither PNG nor JPEG" in warning for warning in seen.result.report.warnings)


def test_an_image_inside_the_file_is_read(tmp_path: Path) -> None:
    bodies = Bodies()
    data = PNG_HEAD + b"inside"
    square(bodies, bodies.add(f"IFCBLOBTEXTURE(.T.,.T.,$,$,$,'PNG',{binary(data)})"))
    assert textures_of(imported(bodies, tmp_path)) == [data]


def test_pixels_become_a_png_with_the_first_row_at_the_bottom(tmp_path: Path) -> None:
    bodies = Bodies()
    red, green, blue, white = (
        bytes(pixel) for pixel in ([255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255])
    )
    pixels = ",".join(binary(pixel) for pixel in (red, green, blue, white))
    square(bodies, bodies.add(f"IFCPIXELTEXTURE(.T.,.T.,$,$,$,2,2,3,({pixels}))"))
    (data,) = textures_of(imported(bodies, tmp_path))
    assert data.startswith(PNG_HEAD)
    assert struct.unpack(">II", data[16:24]) == (2, 2)
    start = data.index(b"IDAT") + 4
    assert zlib.decompress(data[start:]) == b"\0" + blue + white + b"\0" + red + green


def test_a_texture_without_coordinates_leaves_the_colour_and_a_warning(tmp_path: Path) -> None:
    (tmp_path / "wood.png").write_bytes(PNG_HEAD)
    bodies = Bodies()
    face = square(bodies, image(bodies, "wood.png"), coordinates=False)
    seen = imported(bodies, tmp_path)
    assert textures_of(seen) == []
    assert seen.colors(face) == {(1.0, 1.0, 1.0, 1.0)}
    assert any("texture without coordinates" in warning for warning in seen.result.report.warnings)


def test_a_bump_map_is_no_colour(tmp_path: Path) -> None:
    (tmp_path / "bump.png").write_bytes(PNG_HEAD)
    bodies = Bodies()
    square(bodies, bodies.add("IFCIMAGETEXTURE(.T.,.T.,'BUMP',$,$,'bump.png')"))
    assert textures_of(imported(bodies, tmp_path)) == []
