"""Somebody logs out: the session is gone on the server, whatever the browser keeps."""

from __future__ import annotations

from chalicelib.model import Session
from chalicelib.workflows.ports import SessionStore


def log_out(session: Session, *, sessions: SessionStore) -> None:
    sessions.remove(session.token_sha256)
