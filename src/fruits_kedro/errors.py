"""The one exception a user is meant to read."""

import click


class FruitsError(click.ClickException):
    """A problem its reader can mend, told in one sentence: what, where, how.

    The command line prints the sentence and exits with 1 instead of showing a stack trace.
    """
