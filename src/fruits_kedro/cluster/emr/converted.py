"""The converted backbone that a package ships, made where there is TensorFlow."""

from pathlib import Path
from typing import Any

from fruits_kedro import FruitsError
from fruits_kedro.datasets import BackboneDataset, KnownBackbonesDataset
from fruits_kedro.hooks.configuration import FruitsConfigLoader
from fruits_kedro.model.backbone.artefact import Backbone, BackboneSpec
from fruits_kedro.model.backbone.calibration import no_calibration
from fruits_kedro.model.backbone.weights import IMAGENET, SHIPPED
from fruits_kedro.parameters import FeaturizationParameters
from fruits_kedro.parameters.checks import check_parameters
from fruits_kedro.storage.files import is_local, join

ENVIRONMENT = "emr"
"""The environment whose parameters a job on a cluster has."""


def backbone_for_cluster(project: Path, kept: Path) -> Backbone:
    """The conversion that parameters of the cluster's environment ask for.

    Args:
        project: Root of the project, in whose own storage an earlier conversion may be.
        kept: Where conversions of earlier packages are and this one goes: two conversions differ
            in bytes, and a package shall not.

    Raises:
        FruitsError: Where the weights are a file of this machine, or calibration needs photographs.
    """
    from fruits_kedro.pipelines.featurization.nodes import make_backbone

    parameters = _parameters(project)
    if parameters.weights not in (SHIPPED, IMAGENET):
        raise FruitsError(
            f"featurization.weights names {parameters.weights}, a file of this machine, which a "
            f"cluster has not: set it to {SHIPPED} in conf/{ENVIRONMENT}, or exchange the weights "
            "in src/fruits_kedro/weights."
        )
    places = [str(kept), _storage(project)]
    finders = [KnownBackbonesDataset(filepath=place).load() for place in places if is_local(place)]

    def find(spec: BackboneSpec) -> Backbone | None:
        found = next(filter(None, (finder(spec) for finder in finders)), None)
        if found is None and parameters.precision != "float32":
            raise FruitsError(
                f"A network of precision {parameters.precision} is calibrated on photographs: run "
                "kedro run --pipelines=ingestion,featurization here first, with "
                f"--params=featurization.precision={parameters.precision}; the package ships what "
                "that makes."
            )
        return found

    backbone = make_backbone(parameters, find, no_calibration(parameters.image_size))
    BackboneDataset(filepath=str(kept)).save(backbone)
    return backbone


def _parameters(project: Path) -> FeaturizationParameters:
    values = _loader(project, ENVIRONMENT)["parameters"]
    return check_parameters(values).featurization


def _storage(project: Path) -> str:
    storage: str = _loader(project, "local")["globals"]["storage"]
    folder = join(storage, "06_models", "backbone")
    return str(project / folder) if is_local(folder) else folder


def _loader(project: Path, environment: str) -> FruitsConfigLoader:
    from fruits_kedro.settings import CONFIG_LOADER_ARGS

    arguments: dict[str, Any] = {**CONFIG_LOADER_ARGS, "env": environment}
    return FruitsConfigLoader(str(project / "conf"), **arguments)
