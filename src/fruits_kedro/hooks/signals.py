"""Makes a termination signal end a run as orderly as Ctrl-C does."""

import signal
import threading
from types import FrameType

from kedro.framework.hooks import hook_impl


class SignalHooks:
    """SIGTERM, which a scheduler or a spot machine sends, becomes an exception like Ctrl-C's.

    The exception unwinds the run: locks are released and the JVM and its Python workers end with
    the driver, instead of computing on for a process that is gone.
    """

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Install the handler; only the main thread may."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)
