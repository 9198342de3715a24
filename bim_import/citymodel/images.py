"""Images beside a city model: found safely, told apart by their first bytes, each read once.

A name in the file may only lead to a file in or below the folder of the source: no absolute paths, no `..` out of it, no
links out of it, no addresses. What cannot be shown is counted by reason.
"""

from collections import Counter
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal
from urllib.parse import unquote, urlsplit

from twin.source import Texture

_MAX_BYTES = 32 << 20
"""A larger image is left out: a tile must stay below 2 MB."""

SIGNATURES: dict[bytes, Literal["image/png", "image/jpeg"]] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}

_SUFFIXES = ("", ".jpg", ".png", ".jpeg", ".JPG", ".PNG", ".JPEG")
"""Tried in turn: converters lose the suffix on one side or the other."""


class Images:
    """Images of one source by the names it has for them. `skipped` counts what could not be used, by reason."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._read: dict[tuple[str, bool], Texture | None] = {}
        self.skipped: Counter[str] = Counter()

    def texture(self, reference: str, *, repeats: bool = True) -> Texture | None:
        """The image of that name; None, and counted once, where there is none that can be shown."""
        key = (reference, repeats)
        if key not in self._read:
            self._read[key] = self._texture(reference, repeats=repeats)
        return self._read[key]

    def _texture(self, reference: str, *, repeats: bool) -> Texture | None:
        data = self._bytes(reference)
        if data is None:
            self.skipped["image not found beside the file"] += 1
            return None
        for signature, media_type in SIGNATURES.items():
            if data.startswith(signature):
                return Texture(media_type=media_type, data=data, repeat_s=repeats, repeat_t=repeats)
        self.skipped["image is neither PNG nor JPEG"] += 1
        return None

    def _bytes(self, reference: str) -> bytes | None:
        split = urlsplit(reference.replace("\\", "/"))
        name = unquote(split.path) if split.scheme in ("", "file") and not split.netloc else ""
        if not name or PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or "\0" in name:
            return None
        for suffix in _SUFFIXES:
            try:
                path = (self._folder / (name + suffix)).resolve()
                usable = path.is_relative_to(self._folder) and path.is_file()
                if usable and path.stat().st_size <= _MAX_BYTES:
                    return path.read_bytes()
            except OSError:
                continue
        return None

    def warnings(self) -> list[str]:
        """What was skipped, in sentences."""
        return [
            f"{count} × {reason}: shown in plain colour." for reason, count in sorted(self.skipped.items())
        ]
