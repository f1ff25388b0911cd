"""``make bench``: this project, a plain script and the original notebook's way, side by side."""
