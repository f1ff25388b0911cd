"""Appends operations to a LiteRT flatbuffer, with the schema that ships with LiteRT.

``schema_py_generated`` and ``tools.flatbuffer_utils`` come with ``ai-edge-litert`` but are not
documented. If a new version moves them, take the schema from the PyPI package ``tflite``, or
generate it with ``flatc --python`` from the file below. ``tests/model/test_graph.py`` names
everything that is used of them.

Source: https://github.com/google-ai-edge/LiteRT/blob/main/tflite/schema/schema.fbs
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.phone import Head

Array = npt.NDArray[np.float32]


def append_head(model: bytes, head: Head) -> bytes:
    """Extend a backbone's graph to probabilities.

    Args:
        model: LiteRT flatbuffer with one output, ``(1, n_features)`` float32.
        head: From features to probabilities.

    Returns:
        LiteRT flatbuffer with the same input, named ``image``, and the outputs ``probabilities``,
        ``(1, labels)`` float32, and ``outlier_score``, ``(1, 1)`` float32, if the head has one.
    """
    graph = _Graph(model)
    [features] = graph.outputs
    if head.unit_length:
        features = graph.add("L2_NORMALIZATION", [features], len(head.mean))
    centred = graph.add("SUB", [features, graph.constant("mean", head.mean)], len(head.mean))
    weights, bias = graph.constant("weights", head.weights), graph.constant("bias", head.bias)
    logits = graph.add("FULLY_CONNECTED", [centred, weights, bias], len(head.bias))
    outputs = {"probabilities": graph.add("SOFTMAX", [logits], len(head.bias), beta=1.0)}
    if head.whitening is not None and head.whitened_means is not None:
        outputs["outlier_score"] = _add_outlier_score(
            graph, logits, head.whitening, head.whitened_means
        )
    graph.finish(outputs)
    return graph.to_bytes()


def _add_outlier_score(graph: "_Graph", logits: int, whitening: Array, means: Array) -> int:
    """Squared distance to the nearest of the means."""
    nothing = graph.constant("nothing", np.zeros(len(whitening), np.float32))
    inputs = [logits, graph.constant("whitening", whitening), nothing]
    whitened = graph.add("FULLY_CONNECTED", inputs, len(whitening))
    inputs = [whitened, graph.constant("means", means)]
    apart = graph.add("SUB", inputs, *means.shape[::-1])
    squares = graph.add("MUL", [apart, apart], *means.shape[::-1])
    across, down = graph.axis(1), graph.axis(0)
    distances = graph.add("SUM", [squares, across], 1, len(means), keepDims=True)
    return graph.add("REDUCE_MIN", [distances, down], 1, keepDims=True)


class _Graph:
    """The graph of a flatbuffer, unpacked so that it can be extended."""

    def __init__(self, model: bytes) -> None:
        from ai_edge_litert import schema_py_generated as schema
        from ai_edge_litert.tools import flatbuffer_utils

        self._schema: Any = schema
        self._utilities: Any = flatbuffer_utils
        self._model = flatbuffer_utils.read_model_from_bytearray(model)
        [self._graph] = self._model.subgraphs

    @property
    def outputs(self) -> list[int]:
        """Output tensors of the graph."""
        return [int(tensor) for tensor in self._graph.outputs]

    def constant(self, name: str, values: Array) -> int:
        """Add a constant tensor."""
        return self._tensor(name, values.shape, self._buffer(np.ascontiguousarray(values, "<f4")))

    def axis(self, number: int) -> int:
        """Add a constant tensor that names an axis."""
        tensor = self._tensor("axis", (1,), self._buffer(np.array([number], "<i4")))
        self._graph.tensors[tensor].type = self._schema.TensorType.INT32
        return tensor

    def add(
        self, operation: str, inputs: Sequence[int], width: int, rows: int = 1, **options: Any
    ) -> int:
        """Add an operation.

        Args:
            operation: Its name in the schema's ``BuiltinOperator``.
            inputs: Tensors it takes.
            width, rows: Its output is ``(rows, width)``.
            options: Other than the schema's defaults.

        Returns:
            Its output tensor.
        """
        output = self._tensor(operation.lower(), (rows, width), 0)
        operator = self._schema.OperatorT()
        operator.opcodeIndex = self._code(operation)
        operator.inputs, operator.outputs = list(inputs), [output]
        kind = _OPTIONS[operation]
        operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, kind)
        operator.builtinOptions = getattr(self._schema, f"{kind}T")()
        for name, value in options.items():
            setattr(operator.builtinOptions, name, value)
        self._graph.operators.append(operator)
        return output

    def finish(self, outputs: dict[str, int]) -> None:
        """Set and name the input and the outputs of the graph."""
        self._graph.outputs = list(outputs.values())
        [signature] = self._model.signatureDefs
        [image] = signature.inputs
        image.name = b"image"
        signature.outputs = [self._map(name, tensor) for name, tensor in outputs.items()]
        for name, tensor in outputs.items():
            self._graph.tensors[tensor].name = name.encode()

    def to_bytes(self) -> bytes:
        """The flatbuffer."""
        return bytes(self._utilities.convert_object_to_bytearray(self._model))

    def _buffer(self, values: npt.NDArray[Any]) -> int:
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return len(self._model.buffers) - 1

    def _tensor(self, name: str, shape: Sequence[int], buffer: int) -> int:
        tensor = self._schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name.encode(), list(shape), buffer
        tensor.type, tensor.hasRank = self._schema.TensorType.FLOAT32, True
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _code(self, operation: str) -> int:
        number = getattr(self._schema.BuiltinOperator, operation)
        code = self._schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = number
        code.version = 1
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1

    def _map(self, name: str, tensor: int) -> Any:
        entry = self._schema.TensorMapT()
        entry.name, entry.tensorIndex = name.encode(), tensor
        return entry


_OPTIONS = {
    "L2_NORMALIZATION": "L2NormOptions",
    "SUB": "SubOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "SOFTMAX": "SoftmaxOptions",
    "MUL": "MulOptions",
    "SUM": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
}
"""The schema's name for the options of each operation."""
