"""A key under which a system has work of another request: the start is refused, the work is not adopted."""

from __future__ import annotations

from runtime.external.base import Call
from runtime.model.task import Failed

SHOWN = 500


def other_request(call: Call, external_id: str, *, found: str, asked: str) -> Failed:
    """The failure of a start whose key has work already, made for another request.

    Either the state changed between an interrupted start and its repetition, and the work belongs to this run after
    all, or it belongs to somebody else. Only an operator can decide that, and adopts it or starts anew.
    """
    request = call.request
    branch = f"{request.run_id} {request.branch_id}"
    message = (
        f"Under the key {request.idempotency_key} there is already the job {external_id}, made for another request; it "
        f"was not taken for the work of this step. If it is, forkjoin adopt {branch} --external-id {external_id} takes "
        f"it; else forkjoin retry {branch} starts anew under a new key."
    )
    details = {"external_id": external_id, "found": found[:SHOWN], "asked": asked[:SHOWN]}
    return Failed(message, type="OtherRequest", details=details, retryable=False)
