"""The words that start a package, on YARN and on EMR Serverless."""

from fruits_kedro.cluster.emr.spark_submit import Job, serverless_parameters, yarn_arguments

OPTIONS = ["--pipelines=ingestion", "--params=images=s3://b/photos,storage=s3://b/results"]


def test_nodes_with_the_packages_installed_need_no_archive():
    words = yarn_arguments(Job("s3://b/packages/1", OPTIONS), "cluster")
    assert words[:6] == [
        "--master",
        "yarn",
        "--deploy-mode",
        "cluster",
        "--py-files",
        "s3://b/packages/1/fruits_kedro.zip",
    ]
    assert "spark.pyspark.python=/opt/fruits-kedro/bin/python" in words
    assert not [word for word in words if word.startswith("spark.archives")]
    assert words[words.index("s3://b/packages/1/run.py") + 1 :] == [
        "--env=emr",
        "--conf-source=s3://b/packages/1/conf-fruits_kedro.tar.gz",
        *OPTIONS,
    ]


def test_any_other_yarn_unpacks_the_archive_and_a_client_has_its_own_python():
    job = Job("/p/project", OPTIONS, "/p/environment.tar.gz")
    words = yarn_arguments(job, "client", driver_python="/here/bin/python")
    assert "spark.archives=/p/environment.tar.gz#environment" in words
    assert "spark.pyspark.python=./environment/bin/python" in words
    assert "spark.pyspark.driver.python=/here/bin/python" in words


def test_an_environment_that_was_asked_for_stays():
    assert "--env=emr" not in Job("/p", ["--env=cluster"]).arguments
    assert "--env=emr" not in Job("/p", ["-e", "cluster"]).arguments


def test_serverless_takes_one_string():
    text = serverless_parameters(Job("s3://b/p", OPTIONS, "s3://b/e.tar.gz"), {"spark.x": "y"})
    assert text.startswith("--py-files s3://b/p/fruits_kedro.zip --conf ")
    for name in ("driverEnv.PYSPARK_PYTHON", "driverEnv.PYSPARK_DRIVER_PYTHON"):
        assert f"--conf spark.emr-serverless.{name}=./environment/bin/python" in text
    assert "--conf spark.archives=s3://b/e.tar.gz#environment" in text
    assert text.endswith("--conf spark.x=y")
