"""Images of IFC surface textures: beside the file, within it, or as a list of pixels.

What cannot be shown is counted by reason, never dropped silently. A name in the file may only lead to a file in or below
the folder of the source: no absolute paths, no `..`, no links out of it, no addresses on the network.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal
from urllib.parse import unquote, urlsplit

from bim_import.ifc.reading.entities import Entity, attribute, kind
from twin.source import Texture

_MAX_BYTES = 32 << 20
"""A larger image is left out: a tile must stay below 2 MB."""
_MAX_SIDE = 4096
"""Pixels along one side of an IfcPixelTexture; what a GPU of a phone takes."""
_SIGNATURES: dict[bytes, Literal["image/png", "image/jpeg"]] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
_ROLES = frozenset({"", "DIFFUSE", "TEXTURE"})
"""Modes of IfcSurfaceTexture that colour the surface; bump, shininess and the like do not."""


class Textures:
    """Textures of one source, each read once. `skipped` counts what could not be used, by reason."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._read: dict[int, Texture | None] = {}
        self.skipped: Counter[str] = Counter()

    def first_of(self, textures: Iterable[Entity]) -> Texture | None:
        """The first IfcSurfaceTexture of a list that colours the surface and can be read."""
        for entity in textures:
            number = entity.id()
            if number not in self._read:
                self._read[number] = self._texture(entity)
            if self._read[number] is not None:
                return self._read[number]
        return None

    def _texture(self, entity: Entity) -> Texture | None:
        mode = str(attribute(entity, 2) or "").strip(".").upper()
        if mode not in _ROLES:
            self.skipped[f"texture of mode {mode}"] += 1
            return None
        data = self._bytes(entity)
        if data is None:
            return None
        for signature, media_type in _SIGNATURES.items():
            if data.startswith(signature):
                return Texture(
                    media_type=media_type,
                    data=data,
                    repeat_s=bool(attribute(entity, 0)),
                    repeat_t=bool(attribute(entity, 1)),
                )
        self.skipped["texture is neither PNG nor JPEG"] += 1
        return None

    def _bytes(self, entity: Entity) -> bytes | None:
        name = kind(entity)
        data: bytes | None = None
        if name == "IfcImageTexture":
            data = self._file_beside(str(attribute(entity, len(entity) - 1) or ""))
        elif name == "IfcBlobTexture":
            data = _binary(str(attribute(entity, len(entity) - 1) or ""))
        elif name == "IfcPixelTexture":
            data = _pixels(entity)
        if data is None:
            self.skipped[f"{name} without a usable image"] += 1
        return data

    def _file_beside(self, reference: str) -> bytes | None:
        split = urlsplit(reference.replace("\\", "/"))
        name = unquote(split.path) if split.scheme in ("", "file") and not split.netloc else ""
        if not name or PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or "\0" in name:
            return None
        try:
            path = (self._folder / name).resolve()
            if (
                not path.is_relative_to(self._folder)
                or not path.is_file()
                or path.stat().st_size > _MAX_BYTES
            ):
                return None
            return path.read_bytes()
        except OSError:
            return None


def _binary(bits: str) -> bytes | None:
    """Bytes of an IfcBinary, which is read as a string of 0 and 1."""
    if not bits or len(bits) % 8 or len(bits) // 8 > _MAX_BYTES or set(bits) - {"0", "1"}:
        return None
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _pixels(entity: Entity) -> bytes | None:
    """An IfcPixelTexture as PNG. Its rows go from the bottom up (IFC 4.3, 8.10.3.8); PNG's from the top down."""
    width, height, components, pixels = (attribute(entity, len(entity) - back) for back in (4, 3, 2, 1))
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE and len(pixels) == width * height):
        return None
    if components not in (1, 2, 3, 4):
        return None
    values = [_binary(str(pixel)) for pixel in pixels]
    if any(value is None or len(value) != components for value in values):
        return None
    rows = [b"".join(v for v in values[y * width : (y + 1) * width] if v is not None) for y in range(height)]
    return _png(width, height, components, b"".join(b"\0" + row for row in reversed(rows)))


def _png(width: int, height: int, components: int, filtered: bytes) -> bytes:
    """A PNG of 8 bits per component from rows that each start with filter type 0 (W3C PNG, 11.2.2)."""
    color_type = {1: 0, 2: 4, 3: 2, 4: 6}[components]
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)),
        (b"IDAT", zlib.compress(filtered, 9)),
        (b"IEND", b""),
    ]
    body = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)
