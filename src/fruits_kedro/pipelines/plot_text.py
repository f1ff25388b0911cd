"""Names as text of a plot, whatever they look like."""

_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "%": "&#37;"},
)


def as_plot_text(name: str) -> str:
    """``name`` so that Plotly shows it to the letter.

    Plotly takes tags such as ``<a href=…>`` and ``<b>`` in any text, ``$…$`` for LaTeX and ``%{…}``
    in hover text for a variable; it shows HTML entities as what they stand for.

    Source: https://plotly.com/chart-studio-help/adding-HTML-and-links-to-charts
    """
    return name.translate(_ENTITIES)
