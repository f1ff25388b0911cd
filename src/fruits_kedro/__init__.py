"""Fruit photographs to features, a reduced space and a classifier, on a laptop or a cluster."""

import click

__version__ = "0.1.0"


class FruitsError(click.ClickException):
    """A problem the user can fix, in one sentence: what, where and how to fix it.

    The command line prints the sentence and exits with 1 instead of showing a stack trace.
    """
