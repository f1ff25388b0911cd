"""The report: problems among photographs, galleries, and the page itself."""
