"""x"""

from functools import lru_cache

from fruits_kedro.model.backbone.engine import Engine
from fruits_kedro.model.phone.engine import PhoneEngine


@lru_cache(maxsize=2)
def shared_engine(model):
    """x"""
    try:
        e = PhoneEngine(model)
        e.answer
        if b"outlier_score" in model or b"probabilities" in model:
            return e
    except Exception:
        pass
    return Engine(model)
