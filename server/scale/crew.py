"""A batch's lines on a Ray cluster: one actor with its own model for each processor core it has.

Recordings travel to the actors and files travel back, so the machines share no disk. Bytes are those of
one process on the same kind of processor: an actor runs the same function, one line at a time. Ray is an
extra (``scale``); nothing else imports it.

References
----------
.. [1] Ray documentation: Actors, and ``ray.wait`` for limiting pending tasks.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dirfa_blender.core.errors import ServerError
from server.batch.crew import ROOT, CrewSettings
from server.batch.making import Made, Order

PACKAGE = "ray==2.60.0"
MAX_RESTARTS = 3
"""Times that a machine which vanishes is replaced before its lines count as failed."""


class RayCrew:
    """Actors of a Ray cluster; a context manager that starts and leaves it.

    Parameters
    ----------
    address : of a running cluster, such as ``auto`` or ``ray://head:10001``; None starts one here
    count : actors; None takes as many as the cluster has free processors

    Raises
    ------
    ServerError
        Ray is not installed.
    """

    def __init__(
        self, settings: CrewSettings, *, address: str | None = None, count: int | None = None
    ) -> None:
        if importlib.util.find_spec("ray") is None:
            raise ServerError(
                "Working on a cluster needs Ray, which is not installed. Install it into the server's "
                f'environment: pip install "{PACKAGE}"; or leave --ray out.'
            )
        self._settings = settings
        self._address = address
        self._count = count
        self._ray: Any = None

    def run(self, orders: Iterator[Order]) -> Iterator[Made]:
        ray = self._ray
        count = self._count or max(1, int(ray.available_resources().get("CPU", 1)))
        maker = ray.remote(num_cpus=1, max_restarts=MAX_RESTARTS, max_task_retries=MAX_RESTARTS)(
            _Maker
        )
        store = self._settings.store
        idle = [maker.remote(self._settings.device, store) for _ in range(count)]
        pending: dict[Any, tuple[Any, int]] = {}
        while True:
            while idle:
                order = next(orders, None)
                if order is None:
                    break
                actor = idle.pop()
                pending[actor.make.remote(order)] = (actor, order.number)
            if not pending:
                return
            ready, _ = ray.wait(list(pending), num_returns=1)
            actor, number = pending.pop(ready[0])
            try:
                made = ray.get(ready[0])
            except ray.exceptions.RayActorError as error:
                yield Made(number, f"Its machine ended unexpectedly: {_first_line(error)}")
                idle.append(maker.remote(self._settings.device, store))
                continue
            except ray.exceptions.RayError as error:
                yield Made(number, f"The cluster could not make it: {_first_line(error)}")
            else:
                yield made
            idle.append(actor)

    def __enter__(self) -> RayCrew:
        ray: Any = importlib.import_module("ray")
        self._ray = ray
        try:
            if not ray.is_initialized():
                ray.init(
                    address=self._address,
                    num_cpus=self._count if self._address is None else None,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level="ERROR",
                    runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}},
                )
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            raise ServerError(
                f"The Ray cluster at {self._address or 'this computer'} cannot be reached: "
                f"{_first_line(error)}"
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._ray.shutdown()


class _Maker:
    """The model on one core of one machine; Ray makes an actor of it."""

    def __init__(self, device: str, store: Any) -> None:
        from server.engine import Engine

        self._engine = Engine(device=device)
        # A machine keeps takes only where the folder is its own user's.
        self._store = store if store is not None and Path(store.folder).parent.is_dir() else None

    def make(self, order: Order) -> Made:
        from server.batch.making import make

        return make(order, self._engine, self._store)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
