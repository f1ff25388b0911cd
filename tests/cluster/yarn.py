"""YARN on loopback: a ResourceManager and a NodeManager of PySpark's Hadoop, from Maven Central."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

import pyspark
from cluster.daemons import cache_folder, daemon, end_processes, free_port, json_at
from faults.processes import wait_until

SPARK = Path(pyspark.__file__).parent
HADOOP = next((SPARK / "jars").glob("hadoop-client-api-*.jar")).stem.rpartition("-")[2]
SERVERS = ("resourcemanager", "nodemanager", "timelineservice")
"""What PySpark does not bring of YARN; it brings the client."""

_PACKAGE = "org.apache.hadoop.yarn.server"
_MAINS = (f"{_PACKAGE}.resourcemanager.ResourceManager", f"{_PACKAGE}.nodemanager.NodeManager")
_JAVA = ("--add-opens=java.base/java.lang=ALL-UNNAMED", "-Xmx256m")
_OF_A_NODE = ("JAVA_HOME", "PATH", "SPARK_LOCAL_IP")
_OF_AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")


def server_jars() -> Path:
    """The folder of YARN's servers with all they need (80 MB), fetched once and kept.

    By the Ivy that PySpark brings. Raises CalledProcessError where Maven Central is out of reach.
    """
    folder = cache_folder() / f"yarn-{HADOOP}"
    if not folder.is_dir():
        fetching = folder.with_name(f".{folder.name}-{os.getpid()}")
        shutil.rmtree(fetching, ignore_errors=True)
        fetching.mkdir(parents=True)
        wanted = "".join(
            f'<dependency org="org.apache.hadoop" name="hadoop-yarn-server-{name}" '
            f'rev="{HADOOP}" conf="default->default"/>'
            for name in SERVERS
        )
        (fetching / "ivy.xml").write_text(
            '<ivy-module version="2.0"><info organisation="fruits" module="yarn"/><configurations>'
            f'<conf name="default"/></configurations><dependencies>{wanted}</dependencies>'
            "</ivy-module>"
        )
        ivy = str(next((SPARK / "jars").glob("ivy-*.jar")))
        words = ["java", "-cp", ivy, "org.apache.ivy.Main", "-ivy", "ivy.xml", "-cache", "cache"]
        words += ["-types", "jar", "bundle"]
        words += ["-retrieve", f"{fetching}/jars/[artifact]-[revision](-[classifier]).[ext]"]
        subprocess.run(words, cwd=fetching, check=True, capture_output=True)
        (fetching / "jars").rename(folder)
        shutil.rmtree(fetching)
    return folder


@contextmanager
def yarn(folder: Path, environment: dict[str, str]) -> Iterator[Path]:
    """One node, which ends with the block; its configuration and logs are in the folder.

    Its containers find S3 by the environment.
    """
    mark, pages = f"fruits-yarn-{folder.name}-{os.getpid()}", _configure(folder)
    java = shutil.which("java") or "java"
    home = os.environ.get("JAVA_HOME") or str(Path(java).resolve().parents[1])
    outer = {"CLUSTER_MARK": mark, "JAVA_HOME": home, "SPARK_LOCAL_IP": "127.0.0.1"}
    path = f"{folder / 'conf'}:{server_jars()}/*"
    command = [str(Path(home) / "bin" / "java"), *_JAVA, "-cp", path]
    alive = partial(json_at, pages, "ws/v1/cluster/metrics", "clusterMetrics", "activeNodes")
    try:
        with (
            daemon(folder / "manager", [*command, _MAINS[0]], outer),
            daemon(folder / "node", [*command, _MAINS[1]], outer | environment),
        ):
            assert wait_until(lambda: alive() == 1, 120), "no node registers"
            yield folder
    finally:
        end_processes(mark)


def _configure(folder: Path) -> int:
    """Write the configuration, and give the port of the manager's pages."""
    manager, node, pages = "yarn.resourcemanager", "yarn.nodemanager", free_port()
    addresses = [f"{manager}{part}.address" for part in ("", ".scheduler", ".resource-tracker")]
    addresses += [f"{manager}.admin.address"]
    addresses += [f"{node}{part}.address" for part in ("", ".localizer", ".webapp")]
    site = {address: f"127.0.0.1:{free_port()}" for address in addresses} | {
        f"{manager}.webapp.address": f"127.0.0.1:{pages}",
        f"{manager}.hostname": "127.0.0.1",
        f"{node}.hostname": "127.0.0.1",
        f"{node}.local-dirs": str(folder / "containers"),
        f"{node}.log-dirs": str(folder / "logs"),
        f"{node}.resource.memory-mb": "8192",
        f"{node}.resource.cpu-vcores": "8",
        f"{node}.vmem-check-enabled": "false",
        f"{node}.env-whitelist": ",".join((*_OF_A_NODE, *_OF_AWS)),
        f"{node}.delete.debug-delay-sec": "600",
        # A machine of tests may have a full disk; YARN would take the node for a sick one.
        f"{node}.disk-health-checker.max-disk-utilization-per-disk-percentage": "100",
        "yarn.scheduler.minimum-allocation-mb": "256",
    }
    queue = "yarn.scheduler.capacity"
    scheduler = {
        f"{queue}.root.queues": "default",
        f"{queue}.root.default.capacity": "100",
        f"{queue}.root.default.state": "RUNNING",
        f"{queue}.maximum-am-resource-percent": "0.9",
    }
    conf = folder / "conf"
    conf.mkdir(parents=True)
    _write(conf / "yarn-site.xml", site)
    _write(conf / "capacity-scheduler.xml", scheduler)
    _write(conf / "core-site.xml", {"fs.defaultFS": "file:///"})
    (conf / "log4j.properties").write_text(
        "log4j.rootLogger=WARN, console\n"
        "log4j.appender.console=org.apache.log4j.ConsoleAppender\n"
        "log4j.appender.console.layout=org.apache.log4j.PatternLayout\n"
        "log4j.appender.console.layout.ConversionPattern=%d %p %c %m%n\n"
    )
    return pages


def _write(path: Path, values: dict[str, str]) -> None:
    properties = (
        f"<property><name>{name}</name><value>{escape(value)}</value></property>"
        for name, value in values.items()
    )
    path.write_text(f"<configuration>{''.join(properties)}</configuration>")


def submit(folder: Path, words: list[str], environment: dict[str, str]) -> None:
    """``spark-submit`` that must succeed."""
    own = dict.fromkeys(("YARN_CONF_DIR", "HADOOP_CONF_DIR"), str(folder / "conf"))
    kept = ("AWS_", "FRUITS_", "KEDRO_", "PYTHONPATH", "PYSPARK_")
    outer = {name: value for name, value in os.environ.items() if not name.startswith(kept)}
    with (folder / "submit.log").open("wb") as output:
        result = subprocess.run(
            [str(SPARK / "bin" / "spark-submit"), *words],
            env={**outer, **own, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            timeout=900,
            check=False,
        )
    logs = [folder / "submit.log", *sorted((folder / "logs").rglob("std*"))]
    assert result.returncode == 0, "\n".join(log.read_text(errors="replace") for log in logs)
