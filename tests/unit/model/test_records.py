"""Every stored record is a frozen struct that refuses unknown fields and moments without a time zone."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import fields, replace

import runtime.model
from runtime.model.codec import to_document
from runtime.model.record import Record
from runtime.store.kinds import KINDS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def kinds() -> list[type[Record]]:
    """Every kind of record of the model and of the store."""
    for module in pkgutil.iter_modules(runtime.model.__path__, "runtime.model."):
        importlib.import_module(module.name)
    found: list[type[Record]] = []
    waiting = [Record]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            found.append(kind)
    return sorted(set(found), key=lambda kind: kind.__name__)


ALL = kinds()


def made(kind: type[Record]) -> Record:
    """A record with the least that it needs."""
    values: dict[str, Any] = {}
    for field in msgspec.inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        if field.required:
            values[field.name] = value_of(field.type)
    return kind(**values)


def value_of(kind: msgspec.inspect.Type) -> Any:
    """Something that a field of this type may hold."""
    match kind:
        case msgspec.inspect.DateTimeType():
            return NOW
        case msgspec.inspect.IntType():
            return 1
        case msgspec.inspect.FloatType():
            return 1.0
        case msgspec.inspect.BoolType():
            return False
        case msgspec.inspect.EnumType():
            return next(iter(kind.cls))
        case msgspec.inspect.VarTupleType():
            return ()
        case msgspec.inspect.ListType():
            return []
        case msgspec.inspect.DictType():
            return {}
        case msgspec.inspect.StructType():
            assert issubclass(kind.cls, Record)
            return made(kind.cls)
    return "x"


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_a_record_refuses_a_field_it_does_not_have(kind: type[Record]) -> None:
    record = made(kind)
    for name in (f"{fields(kind)[0].name}s_", "statsu"):
        with pytest.raises(TypeError):
            replace(record, **{name: "x"})


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_a_record_cannot_be_changed_in_place(kind: type[Record]) -> None:
    record = made(kind)
    with pytest.raises(AttributeError):
        setattr(record, fields(kind)[0].name, "x")


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_a_record_refuses_moments_without_a_time_zone(kind: type[Record]) -> None:
    record = made(kind)
    for field in msgspec.inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        options = field.type.types if isinstance(field.type, msgspec.inspect.UnionType) else (field.type,)
        if any(isinstance(option, msgspec.inspect.DateTimeType) for option in options):
            with pytest.raises(ValueError, match=f"`{field.name}`"):
                replace(record, **{field.name: NOW.replace(tzinfo=None)})
            assert getattr(replace(record, **{field.name: NOW}), field.name) == NOW


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_a_record_comes_back_from_its_document(kind: type[Record]) -> None:
    record = made(kind)
    assert msgspec.convert(to_document(record), kind) == record


def test_what_the_tables_of_a_store_hold_are_records() -> None:
    assert all(issubclass(kind, Record) for kind in KINDS.values())
