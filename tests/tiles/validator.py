"""The Khronos validator over tiles that another implementation has decoded."""

import json
import subprocess
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).parent / "js" / "validate.mjs"


def validate(node: str, content: Path) -> dict[str, Any]:
    """Decode all tiles in `content` (into its folder `decoded`) and return the validator's reports by name."""
    done = subprocess.run(
        [node, str(_SCRIPT), str(content)], capture_output=True, text=True, check=True, timeout=300
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report
