"""Methods to split, one module each; ``split.method`` names the module.

A module has a function ``assign(rows, parameters)``. ``rows`` is a ``pa.Table`` with sha256, path,
label and split (what the folders say, or null), ``parameters`` the ``SplitParameters``. It returns
a ``pa.Array`` with ``train``, ``test``, ``validation`` or ``outside`` for each row. The result must
not depend on the order of rows. Rows that the folders call ``validation`` must not train.
"""
