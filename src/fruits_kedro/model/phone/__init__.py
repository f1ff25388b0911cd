"""One file for a phone: from the pixels of a photograph to the probabilities of its labels."""

from fruits_kedro.model.phone.artefact import NoPhoneModel, PhoneModel
from fruits_kedro.model.phone.fold import fold

__all__ = ["NoPhoneModel", "PhoneModel", "fold"]
