"""The machines that a package is made for."""

from dataclasses import dataclass

RELEASE = "emr-spark-8.0.0"
"""The EMR release this project is written for: Spark 4.0.2, Java 17."""
PYTHON = "3.11"
ARCHITECTURES = ("x86_64", "aarch64")
"""Intel and AMD, and AWS's own Graviton."""
_NEWEST_GLIBC = 34
"""Minor version of the C library of Amazon Linux 2023."""


@dataclass(frozen=True)
class Target:
    """A Linux node of EMR.

    Attributes:
        architecture: One of ``ARCHITECTURES``.
    """

    architecture: str

    @property
    def folder(self) -> str:
        """Where a package keeps what is made for this target."""
        return f"environment-{self.architecture}"

    @property
    def platforms(self) -> tuple[str, ...]:
        """Platform tags of wheels that run there, the best first (PEP 600)."""
        numbered = tuple(
            f"manylinux_2_{n}_{self.architecture}" for n in range(_NEWEST_GLIBC, 4, -1)
        )
        return (*numbered, f"manylinux2014_{self.architecture}", f"linux_{self.architecture}")

    @property
    def markers(self) -> dict[str, str]:
        """Values of the environment markers of PEP 508 there, whatever this machine is."""
        full = f"{PYTHON}.14"
        return {
            "implementation_name": "cpython",
            "implementation_version": full,
            "os_name": "posix",
            "platform_machine": self.architecture,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": full,
            "python_version": PYTHON,
            "sys_platform": "linux",
        }
