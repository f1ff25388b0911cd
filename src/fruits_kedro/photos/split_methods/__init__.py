"""Ways to split, one module each; ``split.method`` names the module.

Each has a function ``assign(rows, parameters)``: from a ``pa.Table`` with sha256, label and split
(as folders say, or null) and the ``SplitParameters`` to a ``pa.Array`` of ``train``, ``test``,
``validation`` or ``outside``, one per row. The split of a row may depend on the rows and the
parameters only, not on their order. Rows that folders call ``validation`` must not train.
"""
