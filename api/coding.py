"""The colours of the scene at an instant: the codes of a theme, as the live channel would have sent them then."""

from msgspec.structs import replace

from api.reader import Reader
from state_sync.board import SNAPSHOT, Codes, frame
from state_sync.scales import scales_of
from state_sync.themes import known_theme
from twin.ports import StateQuery

CODES_TYPE = "application/vnd.city-twin.codes"


def codes_at(seen: Reader, key: str, at: int, asked: StateQuery) -> bytes:
    """A snapshot frame (`state_sync.board.frame`) of a theme at `at`, microseconds since 1970 UTC, which stands for `seq`, too.

    Objects whose signals had not reported by then are left out. Raises InvalidQuery, NotFound, StoreError.
    """
    chosen = known_theme(key)
    scene = seen.scene_at(at, replace(asked, kinds=chosen.kinds))
    codes = Codes(chosen, replace(scene, texts={}), at, scales_of(chosen, seen))
    return frame(SNAPSHOT, 0, at, codes.indexes, codes.codes)
