"""How spark-submit starts a package, on EMR or any other YARN, and on EMR Serverless."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fruits_kedro.cluster.emr.package import CONFIGURATION, MAIN, PYTHON_FILES
from fruits_kedro.storage.files import join

INSTALLED_PYTHON = "/opt/fruits-kedro/bin/python"
"""Where the bootstrap action and the image install."""
UNPACKED_PYTHON = "./environment/bin/python"
"""Of the archive that Spark unpacks in the folder of each process."""


@dataclass(frozen=True)
class Job:
    """``kedro run`` of a package.

    Attributes:
        project: The package's folder ``project``, a URI or a path.
        options: Of ``kedro run``.
        environment: The package's archive of Python packages; empty where a node has them.
    """

    project: str
    options: Sequence[str] = ()
    environment: str = ""

    @property
    def main(self) -> str:
        """The file that Spark starts."""
        return join(self.project, MAIN)

    @property
    def arguments(self) -> list[str]:
        """Of that file: the packaged configuration, and the environment of EMR unless another."""
        given = [word for word in self.options if word.split("=")[0] in ("--env", "-e")]
        environment = [] if given else ["--env=emr"]
        source = f"--conf-source={join(self.project, CONFIGURATION)}"
        return [*environment, source, *self.options]

    @property
    def python_files(self) -> str:
        """The project's code for driver and executors."""
        return join(self.project, PYTHON_FILES)

    def settings(self, driver_python: str = "") -> dict[str, str]:
        """Spark's settings that say which Python runs, and what it finds.

        Args:
            driver_python: Of a driver outside of YARN (client mode), which has no archive unpacked.
        """
        python = UNPACKED_PYTHON if self.environment else INSTALLED_PYTHON
        settings = {
            "spark.pyspark.python": python,
            "spark.pyspark.driver.python": driver_python or python,
        }
        if self.environment:
            settings["spark.archives"] = f"{self.environment}#environment"
        return settings


def yarn_arguments(
    job: Job,
    deploy_mode: str,
    *,
    driver_python: str = "",
    settings: Mapping[str, str] | None = None,
) -> list[str]:
    """The words after ``spark-submit`` on YARN.

    Args:
        job: What to run.
        deploy_mode: ``cluster`` or ``client``.
        driver_python: See ``Job.settings``.
        settings: Further settings of Spark, which win.
    """
    words = ["--master", "yarn", "--deploy-mode", deploy_mode, "--py-files", job.python_files]
    return [
        *words,
        *_settings({**job.settings(driver_python), **(settings or {})}),
        job.main,
        *job.arguments,
    ]


def serverless_parameters(job: Job, settings: Mapping[str, str] | None = None) -> str:
    """``sparkSubmitParameters`` of a job of EMR Serverless, which is one string.

    An image of its own (``infra/Dockerfile``) has the packages; else the archive is unpacked.
    """
    python = UNPACKED_PYTHON if job.environment else INSTALLED_PYTHON
    named = {
        "spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON": python,
        "spark.emr-serverless.driverEnv.PYSPARK_PYTHON": python,
        "spark.executorEnv.PYSPARK_PYTHON": python,
        **job.settings(),
        **(settings or {}),
    }
    return " ".join(["--py-files", job.python_files, *_settings(named)])


def _settings(settings: Mapping[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
