"""The pipelines: one folder each, nodes and wiring apart."""
