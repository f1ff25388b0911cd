"""Kedro's reader of configuration files, with one sentence where it cannot read one."""

from copy import deepcopy
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import OmegaConf

from fruits_kedro import FruitsError


class FruitsConfigLoader(OmegaConfigLoader):
    """``OmegaConfigLoader`` with other errors, and ``${fruits:}`` for what ``fruits.yml`` says.

    Each key is read once: a run asks for the catalog seven times, and reading takes half a second.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._read: dict[str, dict[str, Any]] = {}
        super().__init__(*arguments, **options)
        # As Kedro does for its own `globals`, which hold plain values only.
        OmegaConf.register_new_resolver("fruits", self._fruits, replace=True)

    def __getitem__(self, key: str) -> dict[str, Any]:
        """The configuration of a key such as ``parameters``.

        Raises:
            FruitsError: Where a file is not what it should be.
            MissingConfigException, KeyError: As Kedro's.
        """
        # What was set on the loader by hand wins, as in Kedro.
        if key in self or key not in self._read:
            self._read[key] = self._read_key(key)
        return deepcopy(self._read[key])

    def _read_key(self, key: str) -> dict[str, Any]:
        try:
            return super().__getitem__(key)
        except (MissingConfigException, KeyError):
            raise
        except Exception as error:  # YAML, OmegaConf and Kedro raise their own, without a parent
            first = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".:")
            raise FruitsError(
                f"The configuration of {key} cannot be read ({first}): mend {self._files(key)}, "
                "or what --params says."
            ) from error

    def _fruits(self) -> dict[str, Any]:
        try:
            return self["fruits"]
        except MissingConfigException:
            return {}

    def _files(self, key: str) -> str:
        environments = dict.fromkeys((self.base_env, self.env or self.default_run_env))
        return " or ".join(f"conf/{name}/{key}*.yml" for name in environments)
