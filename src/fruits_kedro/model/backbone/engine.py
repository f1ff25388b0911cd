"""Running the converted backbone, one photograph at a time, on one thread.

One interpreter per Python worker and one thread per Spark task: Spark's own parallelism fills the
cores, and single images keep activations in the cache (measured faster than any batch).
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fruits_kedro.storage.quiet import silent


class Engine:
    """A LiteRT interpreter with its tensors allocated.

    Attributes:
        n_features: Features of a photograph, 1280 for MobileNetV2.
    """

    def __init__(self, model: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with silent():  # it tells each process which of its delegates it has taken
            self._interpreter = Interpreter(model_content=model, num_threads=1)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        output = self._interpreter.get_output_details()[0]
        self._output = output["index"]
        self.n_features = int(output["shape"][-1])

    def features(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Features of one photograph.

        Args:
            pixels: ``(size, size, 3)`` uint8, RGB.

        Returns:
            ``(n_features,)`` float32.
        """
        self._interpreter.set_tensor(self._input, pixels[np.newaxis])
        self._interpreter.invoke()
        output: npt.NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return output.reshape(self.n_features)


@lru_cache(maxsize=1)
def shared_engine(model: bytes) -> Engine:
    """The engine of this process, kept between tasks: building one costs more than many images."""
    return Engine(model)
