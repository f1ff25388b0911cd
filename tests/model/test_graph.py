"""What is used of LiteRT beyond its documented API is there (see ``model/graph.py``)."""

from fruits_kedro.model.graph import _OPTIONS


def test_the_schema_and_its_utilities_are_part_of_litert():
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    assert callable(flatbuffer_utils.read_model_from_bytearray)
    assert callable(flatbuffer_utils.convert_object_to_bytearray)
    kinds = ["BufferT", "TensorT", "OperatorT", "OperatorCodeT", "TensorMapT"]
    assert all(hasattr(schema, name) for name in [*kinds, "BuiltinOptions", "TensorType"])
    for operation, options in _OPTIONS.items():
        assert hasattr(schema.BuiltinOperator, operation)
        assert hasattr(schema.BuiltinOptions, options)
        assert hasattr(schema, f"{options}T")
