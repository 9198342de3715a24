"""What the API answers about models and objects."""

from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from api import schemas
from api.runtime import Runtime
from tests.api.conftest import KEY
from tests.twin.store.builders import plain, published, staged

MODEL = f"/api/v1/models/{quote(KEY)}"
OBJECT = f"/api/v1/objects/{quote(KEY)}"


def _ids(answer: Any) -> list[str]:
    return [item["global_id"] for item in answer.json()["items"]]


def test_the_list_of_models_names_each_with_its_placement_and_how_sure_it_is(client: TestClient) -> None:
    (model,) = client.get("/api/v1/models").json()["items"]
    assert (model["key"], model["placement"]["used"], model["placement"]["confidence"]) == (
        KEY,
        "default",
        "none",
    )


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/api/v1/models", schemas.ModelPage),
        (MODEL, schemas.ModelSummary),
        (f"{MODEL}/classes", schemas.ClassList),
        (f"{MODEL}/storeys", schemas.StoreyList),
        (f"{MODEL}/revisions", schemas.RevisionList),
        ("/api/v1/objects", schemas.ObjectPage),
        (f"{OBJECT}/e3", schemas.ObjectDetail),
        (f"{OBJECT}/b/children", schemas.ObjectPage),
    ],
)
def test_an_answer_is_what_the_openapi_page_promises(client: TestClient, path: str, schema: Any) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    schema.model_validate_json(answer.content, strict=False)


def test_an_object_is_found_by_its_id_with_its_way_to_the_root(client: TestClient) -> None:
    found = client.get(f"{OBJECT}/e3").json()
    assert (found["id"], found["name"]) == (f"{KEY}/e3", "水表 SB-07")
    assert [step["name"] for step in found["path"]] == ["康桥社区", "1号楼", "B1 车库"]


@pytest.mark.parametrize("path", ["way/7", "way%2F7"])
def test_an_object_whose_id_has_a_slash_is_read_and_asked_like_any_other(
    runtime: Runtime, client: TestClient, path: str
) -> None:
    revision, _ = staged(runtime.store, "osm", plain(["way/7"]))
    published(runtime.store, revision, tileset=None)
    assert client.get(f"/api/v1/objects/osm/{path}").json()["id"] == "osm/way/7"
    assert client.get(f"/api/v1/objects/osm/{path}/children").json()["items"] == []
    assert client.get(f"/api/v1/objects/osm/{path}/trace?direction=upstream").json()["items"] == []


def test_children_of_a_building_are_its_storeys_from_below(client: TestClient) -> None:
    assert _ids(client.get(f"{OBJECT}/b/children")) == ["s1", "s2", "s3"]


def test_an_empty_parent_asks_for_the_roots(client: TestClient) -> None:
    assert _ids(client.get("/api/v1/objects", params={"parent": ""})) == ["p"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"class": "IfcFlowMeter"}, ["e3"]),
        ({"class": ["IfcFlowMeter", "IfcSpace"]}, ["e3", "r"]),
        ({"storey": f"{KEY}/s3"}, ["e4", "r"]),
        ({"q": "水表"}, ["e3"]),
        ({"q": "STRASSENLAMPE"}, ["e4"]),
        ({"q": "lobby"}, ["r"]),
        ({"model": "other"}, []),
        ({"property": "IfcBuildingStorey.Elevation>0"}, ["s3"]),
        ({"property": ["Elevation>=-4", "Elevation<0"]}, ["s1"]),
    ],
)
def test_filters_find_what_they_say(client: TestClient, query: dict[str, Any], expected: list[str]) -> None:
    assert _ids(client.get("/api/v1/objects", params=query)) == expected


def test_pages_follow_each_other_without_gap_or_repeat(client: TestClient) -> None:
    whole = _ids(client.get("/api/v1/objects"))
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = client.get("/api/v1/objects", params={"limit": 3, **({"cursor": cursor} if cursor else {})})
        found += _ids(page)
        cursor = page.json()["next"]
        if cursor is None:
            break
    assert found == whole


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/models/none", 404),
        (f"{OBJECT}/none", 404),
        (f"{OBJECT}/none/children", 404),
        ("/api/v1/objects?cursor=nonsense", 400),
        ("/api/v1/objects?bbox=1,2,3", 400),
        ("/api/v1/objects?bbox=nan,2,3,4", 400),
        ("/api/v1/objects?property==", 400),
        ("/api/v1/objects?limit=0", 422),
        ("/api/v1/objects?limit=100000", 422),
        ("/tiles/none/tileset.json", 404),
        (f"/tiles/{quote(KEY)}/..%2f..%2fadmin.token", 404),
        (f"/tiles/{quote(KEY)}/content/%2e%2e/%2e%2e/%2e%2e/admin.token", 404),
        ("/tiles/..%2f/admin.token", 404),
        ("/viewer/../settings.py", 404),
        ("/nothing/here", 404),
    ],
)
def test_a_bad_request_is_answered_with_a_problem_document(
    client: TestClient, path: str, status: int
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert answer.json()["detail"]


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("PUT", "/placement"), ("POST", "/rollback")])
def test_nothing_is_changed_without_the_token(client: TestClient, method: str, path: str) -> None:
    body = {} if path == "/placement" else {"revision": 1}
    assert client.request(method, MODEL + path, json=None if method == "DELETE" else body).status_code == 401
    assert client.get(MODEL).status_code == 200


def test_the_administrator_removes_a_model(administrator: TestClient) -> None:
    assert administrator.delete(MODEL).status_code == 204
    assert administrator.get("/api/v1/models").json()["items"] == []


def test_rolling_back_to_a_revision_that_is_not_there_is_not_found(administrator: TestClient) -> None:
    assert administrator.post(f"{MODEL}/rollback", json={"revision": 7}).status_code == 404


def test_a_model_of_which_nothing_is_drawn_cannot_be_moved(administrator: TestClient) -> None:
    answer = administrator.put(f"{MODEL}/placement", json={"origin": [121.5, 29.9, 0]})
    assert (answer.status_code, "nothing drawn" in answer.json()["detail"]) == (409, True)


def test_health_and_readiness_are_told(client: TestClient) -> None:
    assert (client.get("/healthz").json(), client.get("/readyz").json()) == (
        {"status": "ok"},
        {"status": "ready"},
    )


def test_metrics_count_requests_by_route_and_not_by_path(client: TestClient) -> None:
    client.get(f"{OBJECT}/e3")
    text = client.get("/metrics").text
    assert 'route="/api/v1/objects/{model}/{global_id}",status="200"} 1.0' in text
    assert "e3" not in text


def test_a_page_on_this_machine_may_read_across_origins(client: TestClient) -> None:
    answer = client.get("/api/v1/models", headers={"origin": "http://localhost:5173"})
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"


def test_a_page_on_this_machine_may_ask_for_a_ticket_across_origins_with_its_token(
    client: TestClient,
) -> None:
    wish = {
        "origin": "http://localhost:5173",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }
    assert client.options("/api/v1/live/tickets", headers=wish).status_code == 200


def test_a_page_elsewhere_may_post_nothing_across_origins(client: TestClient) -> None:
    wish = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    assert client.options("/api/v1/live/tickets", headers=wish).status_code == 400


def test_a_page_elsewhere_may_not_read_across_origins(client: TestClient) -> None:
    answer = client.get("/api/v1/models", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_the_viewer_is_served_under_a_policy_without_evaluated_code(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "'unsafe-eval'" not in policy


def test_the_openapi_page_names_every_public_route(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/api/v1/models", "/api/v1/objects/{model}/{global_id}", "/tiles/{key}/tileset.json"} <= set(
        paths
    )
