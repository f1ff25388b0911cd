"""Runs side by side: parameters, metrics and reports of each run in MLflow."""
