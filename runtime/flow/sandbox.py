"""One throw-away JavaScript engine: what it is given, and how a result comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import quickjs

JSException = quickjs.JSException
StackOverflow = quickjs.StackOverflow
STACK_BYTES = 256 * 1024

_PREPARE = """
(function (now, seed) {
  const Real = Date, utc = Real.UTC, parse = Real.parse, bare = /^\\d{4}-\\d\\d-\\d\\dT[\\d:.,]+$/;
  const moment = text => bare.test(text) ? parse(text + "Z") : parse(text);
  function Clock(...parts) {
    if (new.target === undefined) return new Real(now).toUTCString();
    if (parts.length === 0) parts = [now];
    else if (parts.length > 1) parts = [utc(...parts)];
    else if (typeof parts[0] === "string") parts = [moment(parts[0])];
    return Reflect.construct(Real, parts, new.target);
  }
  const shape = Real.prototype;
  Clock.prototype = shape;
  Clock.now = () => now;
  Clock.UTC = utc;
  Clock.parse = text => moment(String(text));
  for (const part of ["Date", "Day", "FullYear", "Hours", "Milliseconds", "Minutes", "Month", "Seconds"]) {
    shape["get" + part] = shape["getUTC" + part];
    if (part !== "Day") shape["set" + part] = shape["setUTC" + part];
  }
  shape.getTimezoneOffset = () => 0;
  for (const form of ["toString", "toLocaleString"]) shape[form] = shape.toUTCString;
  shape.constructor = Clock;
  globalThis.Date = Clock;
  let point = seed >>> 0;
  Math.random = () => {
    point = (point + 0x6D2B79F5) >>> 0;
    let mixed = Math.imul(point ^ (point >>> 15), point | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  for (const name of ["Atomics", "SharedArrayBuffer", "WeakRef", "FinalizationRegistry", "performance",
                      "queueMicrotask"]) delete globalThis[name];
  const write = JSON.stringify, Pending = Promise;
  const plain = (key, value) => {
    const kind = typeof value;
    if (kind === "bigint") throw new TypeError("the result is a BigInt, which JSON cannot hold");
    if (kind === "function" || kind === "symbol") throw new TypeError("the result is a " + kind + ", not JSON");
    if (kind === "number" && (value !== value || value === Infinity || value === -Infinity))
      throw new TypeError("the result is " + value + ", not a finite number");
    if (value instanceof Pending) throw new TypeError("the result is a promise, not JSON");
    return value;
  };
  return {
    value: thunk => { const text = write(thunk(), plain); return text === undefined ? "null" : text; },
    truth: thunk => thunk() ? "true" : "false",
  };
})
"""


def new_engine() -> Any:
    """An engine with nothing in it; only the thread that made it may use it."""
    context = quickjs.Context()
    context.set_max_stack_size(STACK_BYTES)
    return context


def wrapped(code: str) -> str:
    """The expression as a function without arguments; line comments at its end are closed by the line break."""
    return f"(() => ({code}\n))"


def parse_problem(context: Any, code: str) -> str | None:
    """What keeps a text from being one expression, or None; nothing in the text is executed.

    The text is put between round and between square brackets: a text that closes one kind to get out does not
    parse within the other. Code is parsed whole before any of it runs, and the first statement ends the script.
    """
    for left, right in (("(", ")"), ("[", "]")):
        try:
            context.eval(f"throw 0; (() => {left}{code}\n{right})")
        except quickjs.StackOverflow:
            return "it is nested too deeply"
        except quickjs.JSException as problem:
            text = first_line(problem)
            if text != "0":
                return text.removeprefix("SyntaxError: ")
    return None


def run(
    code: str, given: Mapping[str, str | None], *, form: str, now: datetime, seed: int, seconds: float, memory: int
) -> str:
    """Value of an expression as JSON text, from an engine of its own that is thrown away.

    Args:
        code: One expression, syntax already checked.
        given: JSON text by global name; None is undefined.
        form: `value` or `truth`.
        now: What `Date` tells.
        seed: What `Math.random` starts from.
        seconds: Processor time allowed, counted over the whole process.
        memory: Bytes allowed.

    Raises:
        quickjs.JSException: The expression threw, took too long or too much, or its value is not JSON.
    """
    context = new_engine()
    context.set_memory_limit(memory)
    context.set_time_limit(seconds)
    forms = context.eval(_PREPARE)(now.timestamp() * 1000 // 1, seed % 2**32)
    context.set("__forms", forms)
    finish = context.eval(f"(forms => {{ delete globalThis.__forms; return forms.{form}; }})(__forms)")
    for name, text in given.items():
        if text is None:
            context.eval(f"var {name}")
        else:
            context.set(name, context.parse_json(text))
    return str(finish(context.eval(wrapped(code))))


def first_line(problem: BaseException) -> str:
    """The message of a JavaScript error without its stack."""
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else "unknown JavaScript error"
