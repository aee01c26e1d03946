"""Whatever a request holds: no answer is a bug, and every answer is one that the document tells of."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from indexer.settings import ApiSettings, Settings
from search_api.app import create_app
from tests.servers.api import bearing, fill, serving

SECRET = "an-administrators-token"
EXAMPLES = 60  # requests of each route

pytestmark = [pytest.mark.api, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with tempfile.TemporaryDirectory() as home:
        made = Settings(home=Path(home), api=ApiSettings(requests_per_minute=10**6))
        fill(made)
        with serving(made, SECRET) as client:
            yield client


# A stream has no end that could be waited for; test_api_events.py reads it.
schema = schemathesis.openapi.from_dict(create_app(Settings(home=Path())).openapi()).exclude(
    path="/v1/events/stream"
)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_every_answer_is_documented_and_none_is_a_bug(
    case: schemathesis.Case, client: httpx.Client
) -> None:
    case.call_and_validate(
        base_url=str(client.base_url),
        headers=bearing(SECRET),
        checks=(
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ),
    )
