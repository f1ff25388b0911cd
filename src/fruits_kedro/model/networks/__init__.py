"""Networks that turn pixels into features, one a module, whose name ``featurization.network`` says.

Each has:

- ``ARCHITECTURE``: words for the fingerprint; other words are other features.
- ``SCALE``, ``OFFSET``: what its input is, ``pixel * SCALE + OFFSET`` of the bytes 0 to 255.
- ``SHIPPED``: its weights file in ``fruits_kedro.model.weights``, or None.
- ``DOWNLOAD``: where Keras's ImageNet weights of it are, or None.
- ``build(image_size)``: the Keras network without weights, ``(n, size, size, 3)`` in and
  ``(n, features)`` out. Keras is imported within, because only the conversion needs it.
"""
