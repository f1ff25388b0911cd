"""``infra/``: the template against CloudFormation's own schemas, which cfn-lint includes."""

from typing import Any

import pytest
from cfnlint.api import lint_file
from cfnlint.decode import decode
from runs import ROOT

from fruits_kedro.cluster.package import RELEASE

TEMPLATE = ROOT / "infra" / "emr.yml"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    template, problems = decode(str(TEMPLATE))
    assert not problems
    return template


@pytest.fixture(scope="module")
def resources(template) -> dict[str, Any]:
    return template["Resources"]


def test_the_template_is_clean_small_and_of_the_release_that_packages_are_made_for(template):
    assert [str(problem) for problem in lint_file(TEMPLATE)] == []
    assert len(TEMPLATE.read_bytes()) < 51_200, "CloudFormation takes no more in one call"
    assert template["Parameters"]["ReleaseLabel"]["Default"] == RELEASE


def test_the_bucket_is_private_encrypted_and_cleans_itself(resources):
    bucket = resources["Bucket"]
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"
    properties = bucket["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    rules = {rule["Id"]: rule for rule in properties["LifecycleConfiguration"]["Rules"]}
    assert rules["unfinished-uploads"]["AbortIncompleteMultipartUpload"]
    assert {rule.get("Prefix") for rule in rules.values()} == {None, "packages/", "logs/"}


def test_the_cluster_is_on_demand_with_spot_tasks_and_ends_itself(resources):
    cluster = resources["Cluster"]["Properties"]
    instances = cluster["Instances"]
    on_demand = instances["MasterInstanceFleet"] | instances["CoreInstanceFleet"]
    assert "TargetSpotCapacity" not in on_demand
    [tasks] = instances["TaskInstanceFleets"]
    assert tasks["TargetSpotCapacity"] == 1
    assert "TargetOnDemandCapacity" not in tasks
    assert cluster["ManagedScalingPolicy"] and cluster["AutoTerminationPolicy"]
    assert cluster["LogUri"]


def test_no_role_may_do_everything(resources):
    policies = [
        statement
        for name in ("DataPolicy", "ImagesPolicy", "NodeRole", "ServiceRole", "JobRole")
        for statement in _statements(resources[name]["Properties"])
    ]
    assert len(policies) >= 4
    for statement in policies:
        assert statement["Resource"] != "*"
        actions = statement["Action"]
        assert not [action for action in [actions, *actions] if str(action).endswith("*")]


def _statements(properties: dict[str, Any]) -> list[dict[str, Any]]:
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
    return [statement for document in documents for statement in document["Statement"]]


def test_nothing_is_open_to_the_internet(resources):
    assert not [r for r in resources.values() if r["Type"] == "AWS::EC2::InternetGateway"]
    text = TEMPLATE.read_text()
    assert "0.0.0.0/0" not in text
    assert "MapPublicIpOnLaunch: true" not in text


def test_whatever_can_be_tagged_is(resources):
    kinds = ("Bucket", "Cluster", "Application", "NodeRole", "ServiceRole", "JobRole", "Vpc")
    for kind in kinds:
        assert {"Key": "project", "Value": "fruits-kedro"} in resources[kind]["Properties"]["Tags"]
