"""Networks that turn pixels into features, one module each; ``featurization.network`` names it.

A module has:

- ``ARCHITECTURE``: text in the fingerprint; another text means other features.
- ``SCALE``, ``OFFSET``: its input is ``byte * SCALE + OFFSET``.
- ``SHIPPED``: its weights file in ``fruits_kedro.model.weights``, or None.
- ``DOWNLOAD``: URL of its ImageNet weights by Keras, or None.
- ``build(image_size)``: the Keras network without weights, ``(n, size, size, 3)`` in and
  ``(n, features)`` out. It imports Keras itself, because only the conversion needs it.
"""
