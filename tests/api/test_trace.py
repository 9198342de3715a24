"""A polluted drain is traced to its source: a layer of pipes through the command line, asked over HTTP."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import shapely
from starlette.testclient import TestClient

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from tests.bim_import.gis_layers import NINGBO, feature, geojson, metres

TWIN = Path(sys.executable).with_name("twin")


def pipe(name: str, *corners: tuple[float, float, float]) -> dict[str, Any]:
    flat = metres(*NINGBO, [corner[:2] for corner in corners])
    line = shapely.LineString([(lon, lat, z) for (lon, lat), (_, _, z) in zip(flat, corners, strict=True)])
    return {"id": name, **feature(line, diameter=0.3)}


def test_pipes_of_a_layer_are_traced_against_their_fall(tmp_path: Path) -> None:
    layer = geojson(
        tmp_path,
        pipe("house-1", (0, 0, 3.0), (20, 0, 2.5)),
        pipe("house-2", (20, 30, 3.2), (20, 0, 2.5)),
        pipe("street", (60, 0, 2.0), (20, 0, 2.5)),
        pipe("outfall", (60, 0, 2.0), (90, 0, 1.5)),
        pipe("elsewhere", (0, 90, 3.0), (20, 90, 2.0)),
        name="sewer.geojson",
    )
    data = tmp_path / "data"
    run = subprocess.run([TWIN, "import", layer, "--data", data], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    with (
        Runtime(Settings(data=data)) as runtime,
        TestClient(create_app(runtime), base_url="http://localhost", client=("127.0.0.1", 4711)) as client,
    ):

        def traced(name: str, **asked: Any) -> dict[str, int]:
            answer = client.get(f"/api/v1/objects/sewer/{name}/trace", params=asked)
            assert answer.status_code == 200, answer.text
            return {item["global_id"]: item["depth"] for item in answer.json()["items"]}

        assert traced("outfall", direction="upstream") == {"street": 1, "house-1": 2, "house-2": 2}
        assert traced("outfall", direction="upstream", depth=1) == {"street": 1}
        assert traced("house-1", direction="downstream") == {"street": 1, "outfall": 2}
        assert traced("elsewhere", direction="upstream") == {}
        assert client.get("/api/v1/objects/sewer/none/trace?direction=upstream").status_code == 404
        assert client.get("/api/v1/objects/sewer/street/trace?direction=sideways").status_code == 422
