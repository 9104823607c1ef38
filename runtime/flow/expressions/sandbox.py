"""A JavaScript engine for one evaluation: how values are passed in and the result is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import quickjs

from runtime.flow.expressions.exact_values import Given, Sent
from runtime.flow.expressions.whole_numbers import exact_literals

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
  const write = JSON.stringify, raw = JSON.rawJSON, Pending = Promise, Big = BigInt, most = 2 ** 53, long = 2 ** 63;
  Big.prototype.toJSON = function () { return raw(this.toString()); };
  const plain = (key, value) => {
    const kind = typeof value;
    if (kind === "function" || kind === "symbol") throw new TypeError("the result is a " + kind + ", not JSON");
    if (kind === "number") {
      if (value !== value || value === Infinity || value === -Infinity)
        throw new TypeError("the result is " + value + ", not a finite number");
      if (value === 0 && 1 / value < 0) return raw("-0.0");
      if (value % 1 === 0 && (value > most || value < -most))
        return raw(value < long && value >= -long ? Big(value).toString() : value.toExponential());
    }
    if (value instanceof Pending) throw new TypeError("the result is a promise, not JSON");
    return forms.ordered && kind === "object" && value !== null ? forms.ordered(value) : value;
  };
  const forms = {
    value: thunk => { const text = write(thunk(), plain); return text === undefined ? "null" : text; },
    truth: thunk => thunk() ? "true" : "false",
  };
  return forms;
})
"""

_EXACT = """
(function (forms) {
  const write = JSON.stringify, read = JSON.parse, Big = BigInt, most = 2 ** 53;
  const keys = Object.keys, entries = Object.fromEntries, list = Array.isArray, Names = Set, guard = "\\0";
  const orders = new WeakMap(), order = orders.get.bind(orders), index = /^(?:0|[1-9]\\d{0,9})$/;
  const known = new Map(), alike = known.get.bind(known), all = known.values.bind(known);
  const exactly = (key, value, {source}) => {
    if (typeof value !== "number" || (value < most && value > -most) || !/^-?\\d+$/.test(source)) return value;
    const whole = Big(source);
    return whole > most || whole < -most ? whole : value;
  };
  JSON.parse = (text, reviver) => read(text, reviver ?? exactly);
  // A copy lost its order: it has that of the value with the same keys, or with most of them.
  const found = names => {
    const exact = alike(write(names)), there = new Names(names);
    if (exact !== undefined) return exact;
    let best = [], tries = 100;
    for (const wanted of all()) {
      if (--tries < 0) break;
      if (wanted.length > best.length && wanted.every(name => there.has(name))) best = wanted;
    }
    return best;
  };
  forms.ordered = value => {
    if (list(value)) return value;
    const names = keys(value);
    const mixed = names.length > 1 && index.test(names[0]);
    if (!mixed && !names.some(name => name.startsWith(guard))) return value;
    const there = new Names(names), sorted = new Names(mixed ? order(value) ?? found(names) : []);
    for (const name of names) sorted.add(name);
    const written = [...sorted].filter(name => there.has(name) && value[name] !== undefined);
    return entries(written.map(name => [guard + name, value[name]]));
  };
  return (name, text, mends) => {
    const holder = {value: read(text)};
    for (const [path, mend] of read(mends)) {
      let at = holder, last = "value";
      for (const part of path) { at = at[last]; last = part; }
      if (typeof mend === "string") { at[last] = Big(mend); continue; }
      orders.set(at[last], mend);
      const sorted = write(keys(at[last]));
      if (!known.has(sorted)) known.set(sorted, mend);
    }
    globalThis[name] = holder.value;
  };
})
"""


def new_engine() -> Any:
    """An empty engine; only the thread that made it may use it."""
    context = quickjs.Context()
    context.set_max_stack_size(STACK_BYTES)
    return context


def wrapped(code: str) -> str:
    """The expression as a function without arguments; line comments at its end are closed by the line break."""
    return f"(() => ({code}\n))"


def parse_problem(context: Any, code: str) -> str | None:
    """What keeps a text from being one expression, or None; nothing in the text is executed.

    The text is parsed within round and within square brackets: a text that closes one kind to escape does not parse
    within the other. Code is parsed whole before any of it runs, and the first statement ends the script.
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
    code: str, given: Mapping[str, Sent | None], *, form: str, now: datetime, seed: int, seconds: float, memory: int
) -> Given:
    """Value of an expression as JSON text, from an engine that is used once.

    Args:
        code: One expression, syntax already checked.
        given: Values by global name; None is undefined.
        form: `value` or `truth`.
        now: The moment `Date` returns.
        seed: Seeds `Math.random`.
        seconds: Processor time allowed, counted over the whole process.
        memory: Bytes allowed.

    Raises:
        quickjs.JSException: The expression threw, took too long or too much, or its value is not JSON.
    """
    context = new_engine()
    context.set_memory_limit(memory)
    context.set_time_limit(seconds)
    forms = context.eval(_PREPARE)(now.timestamp() * 1000 // 1, seed % 2**32)
    # Most expressions use no value that JavaScript would change: half of the preparation is skipped for them.
    exact = "JSON" in code or any(value is not None and value.mends for value in given.values())
    put = context.eval(_EXACT)(forms) if exact else None
    context.set("__forms", forms)
    finish = context.eval(f"(forms => {{ delete globalThis.__forms; return forms.{form}; }})(__forms)")
    for name, value in given.items():
        if value is None:
            context.eval(f"var {name}")
        elif value.mends is not None and put is not None:
            put(name, value.text, value.mends)
        else:
            context.set(name, context.parse_json(value.text))
    return Given(str(finish(context.eval(wrapped(exact_literals(code))))), exact)


def first_line(problem: BaseException) -> str:
    """The message of a JavaScript error without its stack."""
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else "unknown JavaScript error"
