"""Kinds of classifiers, one module each; ``classification.classifier`` names the module.

A module has:

- ``CLASS``: the class of its trained classifiers, a ``classifier.Classifier`` whose own attributes
  are numpy arrays. With ``logits`` it can be calibrated; a ``LinearClassifier`` has a phone file.
- ``fit(components, targets, labels, reducer_id, parameters, weights=None)``, which returns one.
  ``components`` is ``(n, k)``, ``targets`` ``(n,)`` are positions in ``labels`` (each label has a
  row), and ``weights`` is ``(n,)`` or None. Calibration and evaluation call it for every refit.

A kind without its own group of parameters finds its settings in ``parameters.options``.
"""
