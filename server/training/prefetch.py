"""Batches made ahead of their use, in their order.

A batch depends on its number alone, so threads may make several at once and the training stays the same
to the last bit. Threads are enough: numpy and scipy let others run while they compute.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Batch = TypeVar("Batch")


def prefetched(
    make: Callable[[int], Batch], first: int, last: int, threads: int = 1
) -> Iterator[tuple[int, Batch]]:
    """Numbers `first` to `last` (exclusive) and what `make` returns for each."""
    waiting: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for number in range(first, last):
                while len(waiting) <= threads and number + len(waiting) < last:
                    waiting.append(pool.submit(make, number + len(waiting)))
                yield number, waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
