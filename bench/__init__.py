"""``make bench``: the original's way, plain Keras, a bare loop and this project, in turn."""
