"""The models of an http binding (docs/authoring.md)."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from runtime.external.http.url import url_problem
from runtime.model.binding_keys import Key

_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "idempotency-key"})
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_ENV = re.compile(r"\$\{[^}]*\benv\b")


def _url(value: str) -> str:
    if problem := url_problem(value):
        raise ValueError(problem)
    return value


def _headers(value: dict[str, Any]) -> dict[str, Any]:
    for name, content in value.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a header.")
        if name.lower() in _OURS:
            raise ValueError(f"The header {name} is set by forkjoin and must be left out.")
        if content is None or isinstance(content, (dict, list)):
            raise ValueError(f"The header {name} must be a text or a number.")
    return value


def _query(value: dict[str, Any]) -> dict[str, Any]:
    for name, content in value.items():
        if isinstance(content, dict) or (
            isinstance(content, list) and any(isinstance(i, dict | list) for i in content)
        ):
            raise ValueError(f"The query value {name} must be a text, a number or a list of them.")
    return value


def _no_env(value: Any) -> Any:
    if isinstance(value, str) and _ENV.search(value):
        raise ValueError("`env` works only in url and headers, not in `json`.")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _no_env(item)
    return value


_READING = Key(reading=("response",))
_WITH_ENV = Key(env=True)
Expression = Annotated[str, Field(min_length=1), _READING]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class RequestBinding(BaseModel):
    """One request: method, url, headers and JSON body, templates unresolved."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    method: Method = "GET"
    url: Annotated[str, AfterValidator(_url), _WITH_ENV]
    query: Annotated[dict[str, Any], AfterValidator(_query), _WITH_ENV] = {}
    headers: Annotated[dict[str, Any], AfterValidator(_headers), _WITH_ENV] = {}
    body: Annotated[Any, AfterValidator(_no_env)] = Field(default=None, alias="json")

    @property
    def has_body(self) -> bool:
        """Whether `json` was given, even as null."""
        return "body" in self.model_fields_set


class StartBinding(RequestBinding):
    """The request that starts the work; `externalId` is an expression over its response."""

    method: Method = "POST"
    external_id: Expression = Field(alias="externalId")
    idempotent: bool = False
    """The system honours the key, in its header or where the author put it."""


class FindBinding(RequestBinding):
    """The request that asks for the work of a key; `externalId` gives its id, or nothing if no work has the key."""

    external_id: Expression = Field(alias="externalId")


class PollBinding(RequestBinding):
    """The request that asks how the work stands, and expressions that read the response."""

    status: Expression
    completed: list[Any] = Field(min_length=1)
    failed: list[Any] = []
    running: list[Any] = []
    """Statuses of work that goes on, besides the usual words; any other status is shown as doubtful."""
    result: Expression | None = None
    error: Expression | None = None
    progress: Expression | None = None


class CancelBinding(RequestBinding):
    """The request that stops the work."""

    method: Method = "DELETE"


class HttpBinding(BaseModel):
    """The whole `task` object of the http system."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    start: StartBinding
    find: FindBinding | None = None
    poll: PollBinding
    cancel: CancelBinding | None = None
    logs: RequestBinding | None = None


def binding_keys(model: type[BaseModel] = HttpBinding) -> dict[str, Key]:
    """The keys an http binding, or one part of it, may hold; read from the models."""
    hints = get_type_hints(model, include_extras=True)
    return {field.alias or name: _key(hints[name]) for name, field in model.model_fields.items()}


def _key(hint: Any) -> Key:
    if isinstance(hint, Key):
        return hint
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return Key(within=binding_keys(hint))
    parts = [_key(part) for part in (*get_args(hint), *getattr(hint, "__metadata__", ()))]
    return next((part for part in parts if part != Key()), Key())


def read_binding(binding: Mapping[str, Any]) -> HttpBinding:
    """The binding as records.

    Raises:
        ValidationError: when something is missing or of the wrong type.
    """
    return HttpBinding.model_validate(dict(binding))


_READ: OrderedDict[int, tuple[Mapping[str, Any], HttpBinding]] = OrderedDict()
_MOST_READ = 1_000


def kept_binding(binding: Mapping[str, Any]) -> HttpBinding:
    """The same, read once: a flow keeps the object of its binding, and nothing changes it.

    Raises:
        ValidationError: when something is missing or of the wrong type.
    """
    known = _READ.get(id(binding))
    if known is not None and known[0] is binding:
        return known[1]
    read = read_binding(binding)
    # The object is kept with what was read of it, so that no other can have its id.
    _READ[id(binding)] = (binding, read)
    if len(_READ) > _MOST_READ:
        _READ.popitem(last=False)
    return read


def binding_problems(binding: Mapping[str, Any]) -> list[str]:
    """A sentence for everything wrong with a binding."""
    try:
        read_binding(binding)
    except ValidationError as error:
        return [_sentence(problem) for problem in error.errors(include_url=False, include_context=False)]
    return []


def binding_doubts(binding: Mapping[str, Any]) -> list[str]:
    """A sentence for everything that can be used and is probably a mistake."""
    try:
        poll = read_binding(binding).poll
    except ValidationError:
        return []
    if poll.failed:
        return []
    return [
        "`poll.failed` is missing from the http binding: work that failed is polled until time runs out. "
        "List the statuses of failed work in it."
    ]


def _sentence(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"]) or "task"
    if problem["type"] == "missing":
        return f"`{place}` is missing from the http binding."
    return f"`{place}`: {problem['msg'].removeprefix('Value error, ')}".rstrip(".") + "."
