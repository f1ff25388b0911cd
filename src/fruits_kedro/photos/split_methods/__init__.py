"""Ways to split, one a module, whose name is what ``split.method`` says.

Each has a function ``assign(photographs, parameters)``. It takes rows with sha256, path, label and
split (what the folders say, or null) and the ``SplitParameters``, and gives the same rows with
``split`` never null: ``train``, ``test`` or ``validation``. Which one a photograph gets must depend
on the row and the parameters alone, so that every run and every partitioning gives the same.
"""
