"""Records to documents and back: plain JSON, moments as ISO 8601 text."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

Record = TypeVar("Record")


def to_document(record: Any) -> dict[str, Any]:
    """The document of a record."""
    document: dict[str, Any] = msgspec.to_builtins(record)
    return document


def from_document(document: Any, kind: type[Record]) -> Record:
    """The record of a document; unknown keys are ignored, msgspec.ValidationError if it does not fit."""
    return msgspec.convert(document, kind)


def to_bytes(record: Any) -> bytes:
    """The document of a record as JSON."""
    return msgspec.json.encode(record)


def reader(kind: type[Record]) -> msgspec.json.Decoder[Record]:
    """Reads records of one kind from JSON."""
    return msgspec.json.Decoder(kind)
