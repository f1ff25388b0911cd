"""Kedro hooks, one concern per file."""
