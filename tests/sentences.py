"""What the user reads when something is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from kedro.io import DatasetError

from fruits_kedro import FruitsError


def sentence_of(action: Callable[[], Any]) -> str:
    """The sentence that an action is refused with; a dataset wraps it in Kedro's error."""
    with pytest.raises((FruitsError, DatasetError)) as told:
        action()
    error = told.value if isinstance(told.value, FruitsError) else told.value.__cause__
    assert isinstance(error, FruitsError), repr(error)
    assert "\n" not in error.message
    assert error.message.endswith((".", "?"))
    return error.message
