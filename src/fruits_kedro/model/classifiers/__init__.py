"""Kinds of classifiers, one a module, whose name is what ``classification.classifier`` says.

Each has:

- ``CLASS``: the class of its trained classifiers, a ``Classifier``.
- ``train(train, counts, reducer, parameters)``: as ``classifier.train_classifier``.
- ``predict(reduced, classifier)``: as ``classifier.predict``.
- ``write(folder, classifier, **notes)``: its files as a new part of an artefact's folder, with the
  notes; nothing that has to be unpickled.
- ``read(folder, part, files)``: the classifier from its files, whose hashes are verified.

Settings of a kind that has no group of its own are in ``parameters.options``.
"""
