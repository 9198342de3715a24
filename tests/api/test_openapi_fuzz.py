"""Requests generated from the OpenAPI page: whatever comes, the answer is one that the page promises, and never a 5xx."""

import socket
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as promises

from api import rights_work
from api.app import create_app
from api.rights import ADMINISTERS, NEEDS
from api.rights_work import NewToken
from api.runtime import Runtime
from api.settings import Settings
from tests.twin.store.builders import building, published, staged
from twin.policy import Policy, Role
from twin.state import Signal

PROMISED = [
    checks.not_a_server_error,
    promises.status_code_conformance,
    promises.content_type_conformance,
    promises.response_headers_conformance,
    promises.response_schema_conformance,
]
ENDLESS = {"/api/v1/live/events"}
"""Streams until the client goes; tests/api/test_live.py follows it."""

EXAMPLES = 20
"""Of each operation, half of them not as the page asks."""
WRITES = {"post", "put", "patch", "delete"}
QUESTIONS = {"/api/v1/state/query", "/api/v1/live/tickets"}
"""Posted, and change nothing: open to readers on this machine."""

Operation = tuple[str, str]


def _operations() -> list[Operation]:
    """Path and method of every route that the page shows."""
    page = create_app(_Nothing()).openapi()  # type: ignore[arg-type]  # routes only; nothing is asked
    return sorted(
        (path, method) for path, item in page["paths"].items() for method in item if path not in ENDLESS
    )


class _Nothing:
    """Enough of a runtime for an application that is never started."""

    settings = Settings()
    token = ""
    tickets = store = guard = None

    @property
    def viewer_folder(self) -> Any:
        return Runtime.viewer_folder.func(self)  # type: ignore[attr-defined]  # a cached property's function


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    with Runtime(Settings(data=tmp_path_factory.mktemp("fuzz"))) as opened:
        revision, _ = staged(opened.store, "1号楼", building())
        published(opened.store, revision, tileset=None)
        global_id = next(item.global_id for item in building() if item.product)
        opened.store.declare_signals(
            [Signal(model="1号楼", global_id=global_id, name="temperature", unit="Cel")]
        )
        yield opened


@pytest.fixture(scope="module")
def address(runtime: Runtime) -> Iterator[str]:
    config = uvicorn.Config(create_app(runtime), log_level="critical", http="httptools", lifespan="on")
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def page(address: str) -> Any:
    document = httpx.get(f"{address}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=address)
    return schema


def _tried(page: Any, operation: Operation, headers: dict[str, str]) -> list[int]:
    """Statuses of all answers."""
    answers: list[int] = []
    path, method = operation
    asked = page[path][method]
    cases = [asked.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(case=st.one_of(cases))
    def try_all(case: Any) -> None:
        response = case.call(headers=headers)
        answers.append(response.status_code)
        case.validate_response(response, checks=PROMISED)
        if not headers and method in WRITES and path not in QUESTIONS:
            assert response.status_code == HTTPStatus.UNAUTHORIZED

    try_all()
    return answers


@pytest.mark.parametrize("operation", _operations(), ids=" ".join)
def test_any_answer_to_the_administrator_is_one_that_the_page_promises(
    page: Any, runtime: Runtime, operation: Operation
) -> None:
    _tried(page, operation, {"Authorization": f"Bearer {runtime.token}"})


@pytest.mark.parametrize("operation", _operations(), ids=" ".join)
def test_a_token_without_rights_gets_nothing_and_any_answer_is_promised(
    page: Any, runtime: Runtime, operation: Operation
) -> None:
    rights_work.replace_policy(runtime.store, Policy({"none": Role()}))
    _, secret = rights_work.create_token(runtime.store, NewToken(name="any", roles=("none",)), by="test")
    runtime.guard.look(now=True)
    path, method = operation
    need = NEEDS.get((method.upper(), path), ADMINISTERS)

    answers = _tried(page, operation, {"Authorization": f"Bearer {secret.text}"})

    if need.action is not None:
        assert not [each for each in answers if each < HTTPStatus.BAD_REQUEST]


@pytest.mark.parametrize("operation", _operations(), ids=" ".join)
def test_without_a_token_nothing_is_written_and_any_answer_is_promised(
    page: Any, operation: Operation
) -> None:
    _tried(page, operation, {})
