"""Acts on more than a run, each carried out by the operation of its own kind."""

from __future__ import annotations

from functools import singledispatch

from runtime.acts.adopt_home import AdoptHome
from runtime.acts.base import StoreAct
from runtime.acts.hold import HoldScope
from runtime.acts.prune import Prune
from runtime.acts.release import Release
from runtime.acts.schedule import DisableSchedule, EnableSchedule
from runtime.acts.start import Start
from runtime.acts.stop_bulk import StopBulk
from runtime.acts.undo import Undo
from runtime.operations import bulk, holding, local_work, retention, schedules, starting, undoing
from runtime.operations.acting import Acting
from runtime.operations.order import Order
from runtime.operations.receipts import Receipt


def carry_out(acting: Acting, act: StoreAct, order: Order) -> Receipt:
    """Carry out an act on the store."""
    return _carry_out(act, acting, order)


def implemented(kind: type[StoreAct]) -> bool:
    """Whether an operation carries out this kind of act."""
    return _carry_out.dispatch(kind) is not _carry_out.dispatch(StoreAct)


@singledispatch
def _carry_out(act: StoreAct, acting: Acting, order: Order) -> Receipt:
    raise NotImplementedError(f"no operation carries out {act.verb}")


@_carry_out.register
def _(act: HoldScope, acting: Acting, order: Order) -> Receipt:
    return holding.hold(acting, act, order)


@_carry_out.register
def _(act: Release, acting: Acting, order: Order) -> Receipt:
    return holding.release(acting, act, order)


@_carry_out.register(EnableSchedule)
@_carry_out.register(DisableSchedule)
def _(act: EnableSchedule | DisableSchedule, acting: Acting, order: Order) -> Receipt:
    return schedules.switch_schedule(acting, act, order)


@_carry_out.register
def _(act: Prune, acting: Acting, order: Order) -> Receipt:
    return retention.prune(acting, act, order)


@_carry_out.register
def _(act: Undo, acting: Acting, order: Order) -> Receipt:
    return undoing.undo(acting, act, order)


@_carry_out.register
def _(act: StopBulk, acting: Acting, order: Order) -> Receipt:
    return bulk.stop(acting, act, order)


@_carry_out.register
def _(act: Start, acting: Acting, order: Order) -> Receipt:
    return starting.start(acting, act, order)[1]


@_carry_out.register
def _(act: AdoptHome, acting: Acting, order: Order) -> Receipt:
    return local_work.adopt(acting, act, order)
