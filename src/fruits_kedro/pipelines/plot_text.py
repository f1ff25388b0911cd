"""Escapes names for plots."""

import html


def as_plot_text(name: str) -> str:
    """``name`` escaped so that Plotly shows it literally.

    Plotly interprets tags such as ``<a href=…>`` and ``<b>`` in any text, ``$…$`` as LaTeX, and
    ``%{…}`` in hover text as a variable. It resolves HTML entities.

    Source: https://plotly.com/chart-studio-help/adding-HTML-and-links-to-charts
    """
    return html.escape(name, quote=False).replace("$", "&#36;").replace("%", "&#37;")
