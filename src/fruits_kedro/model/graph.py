"""Appends operations to a LiteRT flatbuffer, with the schema that ships with LiteRT.

``schema_py_generated`` and ``tools.flatbuffer_utils`` come with ``ai-edge-litert`` but are not
documented. If a new version moves them, take the schema from the PyPI package ``tflite``, or
generate it with ``flatc --python`` from the file below.

Source: https://github.com/google-ai-edge/LiteRT/blob/main/tflite/schema/schema.fbs
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.classifier import LinearClassifier
from fruits_kedro.model.confidence import Outliers
from fruits_kedro.model.reducer import Reducer


def append_head(model: bytes, reducer: Reducer, classifier: LinearClassifier) -> bytes:
    """Extend a backbone's graph to probabilities.

    Scaler, PCA and classifier become one map in float32: ``weights @ (features - mean) + bias``.
    Features are centred first, so that no large numbers cancel.

    ``model`` is a LiteRT flatbuffer with one output, ``(1, n_features)`` float32.

    Returns:
        LiteRT flatbuffer with the same input, named ``image``, and the outputs ``probabilities``,
        ``(1, labels)`` float32, and ``outlier_score``, ``(1, 1)`` float32, if the classifier is
        calibrated.
    """
    temperature, outliers = classifier.calibration.temperature, classifier.calibration.outliers
    width, labels = len(reducer.mean), len(classifier.labels)
    graph = _Graph(model)
    features = graph.output
    if reducer.unit_length:
        features = graph.add("L2_NORMALIZATION", [features], width)
    centred = graph.add("SUB", [features, graph.constant("mean", reducer.mean)], width)
    folded = classifier.coefficients @ reducer.components / reducer.scale
    weights = graph.constant("weights", folded / temperature)
    bias = graph.constant("bias", classifier.intercepts / temperature)
    logits = graph.add("FULLY_CONNECTED", [centred, weights, bias], labels)
    outputs = {"probabilities": graph.add("SOFTMAX", [logits], labels, beta=1.0)}
    if outliers:
        outputs["outlier_score"] = _add_outlier_score(graph, logits, outliers, temperature)
    return graph.finish(outputs)


def _add_outlier_score(graph: "_Graph", logits: int, outliers: Outliers, temperature: float) -> int:
    """Squared distance to the nearest of the means."""
    shape = outliers.means.shape[::-1]
    nothing = graph.constant("nothing", np.zeros(len(outliers.whitening)))
    whitening = graph.constant("whitening", outliers.whitening.T * temperature)
    inputs = [logits, whitening, nothing]
    whitened = graph.add("FULLY_CONNECTED", inputs, len(outliers.whitening))
    apart = graph.add("SUB", [whitened, graph.constant("means", outliers.means)], *shape)
    squares = graph.add("MUL", [apart, apart], *shape)
    across, down = (graph.constant("axis", np.array([axis])) for axis in (1, 0))
    distances = graph.add("SUM", [squares, across], 1, shape[1], keepDims=True)
    return graph.add("REDUCE_MIN", [distances, down], 1, keepDims=True)


class _Graph:
    """The graph of a flatbuffer, unpacked so that it can be extended."""

    def __init__(self, model: bytes) -> None:
        from ai_edge_litert import schema_py_generated as schema
        from ai_edge_litert.tools import flatbuffer_utils

        self._schema: Any = schema
        self._pack: Any = flatbuffer_utils.convert_object_to_bytearray
        self._model = flatbuffer_utils.read_model_from_bytearray(model)
        [self._graph] = self._model.subgraphs
        [self.output] = map(int, self._graph.outputs)

    def constant(self, name: str, values: npt.NDArray[Any]) -> int:
        """Add a constant tensor, float32 or int32."""
        kind, numbers = ("FLOAT32", "<f4") if values.dtype.kind == "f" else ("INT32", "<i4")
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(np.asarray(values, numbers).tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return self._tensor(name, values.shape, len(self._model.buffers) - 1, kind)

    def add(
        self, operation: str, inputs: Sequence[int], width: int, rows: int = 1, **options: Any
    ) -> int:
        """Add an operation of the schema's ``BuiltinOperator``; its output is ``(rows, width)``.

        ``options`` differ from the schema's defaults.
        """
        output = self._tensor(operation.lower(), (rows, width), 0)
        code = self._schema.OperatorCodeT()
        code.builtinCode = getattr(self._schema.BuiltinOperator, operation)
        code.deprecatedBuiltinCode = code.builtinCode
        code.version = 1
        self._model.operatorCodes.append(code)
        operator = self._schema.OperatorT()
        operator.opcodeIndex = len(self._model.operatorCodes) - 1
        operator.inputs, operator.outputs = list(inputs), [output]
        kind = _OPTIONS[operation]
        operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, kind)
        operator.builtinOptions = getattr(self._schema, f"{kind}T")()
        for name, value in options.items():
            setattr(operator.builtinOptions, name, value)
        self._graph.operators.append(operator)
        return output

    def finish(self, outputs: dict[str, int]) -> bytes:
        """The flatbuffer, with its input and outputs named."""
        self._graph.outputs = list(outputs.values())
        [signature] = self._model.signatureDefs
        [image] = signature.inputs
        image.name = b"image"
        signature.outputs = []
        for name, tensor in outputs.items():
            entry = self._schema.TensorMapT()
            entry.name, entry.tensorIndex = name.encode(), tensor
            signature.outputs.append(entry)
            self._graph.tensors[tensor].name = name.encode()
        return bytes(self._pack(self._model))

    def _tensor(self, name: str, shape: Sequence[int], buffer: int, kind: str = "FLOAT32") -> int:
        tensor = self._schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name.encode(), list(shape), buffer
        tensor.type, tensor.hasRank = getattr(self._schema.TensorType, kind), True
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1


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
