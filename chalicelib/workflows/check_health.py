"""Asks every part that an answer needs whether it is there, all at once, and waits for none longer than the deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal

import msgspec

from chalicelib.log import log

CheckStatus = Literal["ok", "absent", "failed", "late"]
Probe = Callable[[], bool]  # False: the part answers, but what is looked for is not there (yet)


class Check(msgspec.Struct, frozen=True, kw_only=True):
    status: CheckStatus
    duration_ms: int


def check_health(probes: Mapping[str, Probe], *, timeout_s: float) -> dict[str, Check]:
    pool = ThreadPoolExecutor(max_workers=max(1, len(probes)), thread_name_prefix="health")
    started = time.monotonic()
    pending = {name: pool.submit(_run_probe, name, probe) for name, probe in probes.items()}
    checks = {name: _await_check(future, deadline=started + timeout_s, timeout_s=timeout_s) for name, future in pending.items()}
    pool.shutdown(wait=False, cancel_futures=True)
    return checks


def _run_probe(name: str, probe: Probe) -> Check:
    started = time.monotonic()
    status: CheckStatus = "failed"
    try:
        status = "ok" if probe() else "absent"
    except Exception as exc:  # noqa: BLE001  # the record boundary of one check: whatever a part does, its failure is the answer
        log.warning("health_check_failed", part=name, reason=f"{type(exc).__name__}: {exc}")
    return Check(status=status, duration_ms=round((time.monotonic() - started) * 1000))


def _await_check(future: Future[Check], *, deadline: float, timeout_s: float) -> Check:
    try:
        return future.result(timeout=max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return Check(status="late", duration_ms=round(timeout_s * 1000))
