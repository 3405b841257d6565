"""Which server answers: the one at the chosen address, one the user runs, or one of our own; and whose
performances it knows. Blocks.

For worker threads: a local server may have to be started first, which takes seconds.
"""

from __future__ import annotations

from ..background import Reporter
from ..client import Client
from ..connection import Connection
from ..server_process import running_server
from ..session import state


def connect(connection: Connection, report: Reporter) -> Client:
    """A client of the chosen server; a local one is found or started.

    Raises
    ------
    ServerError, JobCancelled
        Nobody answers, or the start was cancelled.
    """
    if connection.kind == "remote":
        client = Client(connection.url.rstrip("/"), connection.token)
    else:
        client = running_server() or state().server.start(report.cancelled)
    state().performers = client.info().actors
    return client
