"""Kinds of classifiers, one a module, whose name is what ``classification.classifier`` says.

Each has:

- ``CLASS``: the class of its trained classifiers, a ``classifier.Classifier`` whose own attributes
  are numpy arrays. With ``logits`` it is calibrated; a ``LinearClassifier`` has a file for a phone.
- ``fit(components, targets, labels, reducer_id, parameters, weights=None)``: such a classifier.
  ``components`` is ``(n, k)``, ``targets`` ``(n,)`` the positions in ``labels``, each of which has
  a row, and ``weights`` ``(n,)`` or None. It is called again for every refit: calibration and
  evaluation fit without the photographs that they ask about.

Settings of a kind that has no group of its own are in ``parameters.options``.
"""
