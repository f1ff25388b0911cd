"""The sections of ``docs/benchmark.md``, each from the measures alone."""
