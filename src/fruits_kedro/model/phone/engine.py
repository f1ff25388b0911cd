"""Running the file on a worker, one photograph at a time, on one thread."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fruits_kedro.storage.quiet import silent

_NO_SCORE = np.zeros((1, 1), np.float32)


class PhoneEngine:
    """A LiteRT interpreter of a file for a phone, called by the names of its signature."""

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with silent():
            self._interpreter = Interpreter(model_content=content, num_threads=1)
            self._interpreter.allocate_tensors()
            self._run = self._interpreter.get_signature_runner()

    def probabilities(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Of one photograph.

        Args:
            pixels: ``(size, size, 3)`` uint8, RGB.

        Returns:
            ``(labels,)`` float32.
        """
        return self.answer(pixels)[:-1]

    def answer(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Probabilities of one photograph, and behind them its outlier score.

        Args:
            pixels: ``(size, size, 3)`` uint8, RGB.

        Returns:
            ``(labels + 1,)`` float32; the score is 0 where the model gives none.
        """
        outputs = self._run(image=pixels[np.newaxis])
        score: npt.NDArray[np.float32] = outputs.get("outlier_score", _NO_SCORE)
        return np.concatenate([outputs["probabilities"][0], score[0]])


@lru_cache(maxsize=1)
def shared_phone_engine(content: bytes) -> PhoneEngine:
    """The engine of this process, kept between tasks."""
    return PhoneEngine(content)
