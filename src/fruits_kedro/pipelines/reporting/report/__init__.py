"""What the report shows: where photographs lie close, which to look at, and the page itself."""
