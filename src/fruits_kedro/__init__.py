"""Fruit photographs to features, a reduced space and a classifier, on a laptop or a cluster."""

__version__ = "0.1.0"
