"""One request, as the views see it: who asks, when, by which prefix, with which stores. Made by `routing`, once per request."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalice.app import Request

from chalicelib.config import Settings
from chalicelib.errors import NotSignedInError
from chalicelib.model import Session, User
from chalicelib.web.urls import Urls, urls_of
from chalicelib.web.wiring import Stores, Wiring


@dataclass(frozen=True, slots=True)
class Visit:
    request: Request
    wiring: Wiring
    request_id: str
    urls: Urls
    now: datetime
    session: Session | None = None
    user: User | None = None
    uses_bearer: bool = False  # the token came in a header that no other site can make a browser send

    @property
    def stores(self) -> Stores:
        return self.wiring.stores

    @property
    def settings(self) -> Settings:
        return self.wiring.stores.settings()

    @property
    def method(self) -> str:
        return str(self.request.method)

    @property
    def path(self) -> str:
        """Within the application: the prefix taken away, the query left out."""
        path = str(self.request.context.get("path") or "/")
        return path.removeprefix(self.urls.prefix) or "/"

    @property
    def address(self) -> str:
        return str((self.request.context.get("identity") or {}).get("sourceIp") or "unknown")

    @property
    def listener(self) -> User:
        """Who is signed in; NotSignedInError otherwise."""
        if self.user is None:
            raise NotSignedInError("Please log in first.")
        return self.user

    @property
    def own_session(self) -> Session:
        if self.session is None:
            raise NotSignedInError("Please log in first.")
        return self.session

    def header(self, name: str) -> str:
        return str(self.request.headers.get(name) or "")

    def query(self, name: str) -> str:
        """The last value of a query parameter, or nothing."""
        values = self.request.query_params
        return str(values.get(name) or "") if values else ""

    def list_query(self) -> dict[str, list[str]]:
        """All values of every query parameter, in their order."""
        values = self.request.query_params
        return {name: [str(each) for each in values.getlist(name)] for name in values} if values else {}


def start_visit(request: Request, wiring: Wiring) -> Visit:
    context: dict[str, Any] = request.context  # API Gateway's requestContext
    request_id = context.get("requestId") or getattr(request.lambda_context, "aws_request_id", None) or uuid.uuid4()
    urls = urls_of(context, rest=str((request.uri_params or {}).get("proxy") or ""))
    return Visit(request=request, wiring=wiring, request_id=str(request_id), urls=urls, now=wiring.clock())
