"""Deploys template.yaml to the local CloudFormation, as `sam deploy` would to AWS's.

The template is deployed as it stands but for two things. What `sam package` changes too: each
function's code is the zip of its binary, uploaded to a bucket beforehand. And the buckets' demand
for TLS, which goes before a bucket is there: a custom resource writes into one. The outputs of the
stacks and their functions' environments go to stdout as one JSON object, by the stacks' names; what
goes wrong is said on stderr.
"""

import argparse
import json
import pathlib
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

ARTIFACTS = "face-sign-in-artifacts"
GIVE_UP_SECONDS = 180
POLL_SECONDS = 0.1


def main():
    arguments = parse_arguments()
    connect = Connections(arguments.endpoint, arguments.region)
    template = yaml_parse(arguments.template.read_text())
    upload_code(connect("s3"), template, arguments.packages)
    allow_plain_http(template)
    cloudformation = connect("cloudformation")
    url = upload_template(connect("s3"), template, arguments.endpoint)
    for stack, parameters in arguments.stacks.items():
        create(cloudformation, stack, url, parameters)
    outputs = {stack: wait(cloudformation, stack) for stack in arguments.stacks}
    functions = connect("lambda")
    deployed = {
        stack: {
            "outputs": outputs[stack],
            "environments": environments(cloudformation, functions, template, stack),
        }
        for stack in arguments.stacks
    }
    json.dump(deployed, sys.stdout)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="where the local AWS listens")
    parser.add_argument("--region", required=True)
    parser.add_argument("--template", required=True, type=pathlib.Path)
    parser.add_argument(
        "--packages", required=True, type=pathlib.Path, help="the folder of <binary>.zip files"
    )
    parser.add_argument(
        "--stacks",
        required=True,
        type=json.loads,
        help="the stacks and their parameters: {stack: {parameter: value}}",
    )
    return parser.parse_args()


class Connections:
    """Clients for one endpoint; credentials come from the environment."""

    def __init__(self, endpoint, region):
        self.settings = {
            "endpoint_url": endpoint,
            "region_name": region,
            "config": Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}),
        }

    def __call__(self, service):
        return boto3.client(service, **self.settings)


def upload_code(s3, template, packages):
    """Uploads each function's zip and points the function at it."""
    s3.create_bucket(Bucket=ARTIFACTS)
    template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    for name, resource in serverless_functions(template).items():
        try:
            binary = resource["Metadata"]["BuildProperties"]["Binary"]
        except KeyError:
            fail(f"{name} in the template names no binary (Metadata.BuildProperties.Binary)")
        package = packages / f"{binary}.zip"
        if not package.is_file():
            fail(f"{name} needs {package}, which was not built")
        key = f"{packages.name}/{package.name}"
        s3.put_object(Bucket=ARTIFACTS, Key=key, Body=package.read_bytes())
        resource["Properties"]["CodeUri"] = {"Bucket": ARTIFACTS, "Key": key}


def serverless_functions(template):
    """The template's functions, by name."""
    kind = "AWS::Serverless::Function"
    return {n: r for n, r in template["Resources"].items() if r["Type"] == kind}


def upload_template(s3, template, endpoint):
    """Uploads the template, as the SAM CLI does: it is longer than a request may be. Its address."""
    key = "template.json"
    s3.put_object(Bucket=ARTIFACTS, Key=key, Body=json.dumps(template).encode())
    return f"{endpoint.rstrip('/')}/{ARTIFACTS}/{key}"


def create(cloudformation, stack, template, parameters):
    """Begins to create a stack of the template at this address."""
    try:
        cloudformation.create_stack(
            StackName=stack,
            TemplateURL=template,
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    except ClientError as error:
        fail(f"CloudFormation refuses the stack {stack}: {error.response['Error']['Message']}")


def wait(cloudformation, stack):
    """Waits until a stack stands and returns its outputs."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while True:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        status = described["StackStatus"]
        if status == "CREATE_COMPLETE":
            return {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}
        if not status.endswith("_IN_PROGRESS"):
            fail(f"the stack {stack} ended as {status}: {reasons(cloudformation, stack)}")
        if time.monotonic() > deadline:
            fail(f"the stack {stack} is still {status} after {GIVE_UP_SECONDS} s")
        time.sleep(POLL_SECONDS)


def environments(cloudformation, functions, template, stack):
    """The variables of each function of a stack, by its name in the template.

    A function that the stack's parameters leave out has none.
    """
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = [r for page in pages for r in page["StackResourceSummaries"]]
    found = {name: {} for name in serverless_functions(template)}
    for resource in resources:
        if resource["LogicalResourceId"] in found:
            name = resource["PhysicalResourceId"]
            settings = functions.get_function_configuration(FunctionName=name)
            variables = settings.get("Environment", {}).get("Variables", {})
            found[resource["LogicalResourceId"]] = variables
    return found


def reasons(cloudformation, stack):
    """What failed first, in CloudFormation's words."""
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [e for e in reversed(events) if e["ResourceStatus"].endswith("_FAILED")]
    told = [f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', '?')}" for e in failed]
    return "; ".join(told[:3]) or "no resource says why"


def allow_plain_http(template):
    """Lifts the bucket policies' demand for TLS, which the local AWS enforces and does not speak.

    Only such statements go; whatever else a bucket policy says stays in force.
    """
    for name, resource in list(template["Resources"].items()):
        if resource["Type"] != "AWS::S3::BucketPolicy":
            continue
        policy = resource["Properties"]["PolicyDocument"]
        policy["Statement"] = [s for s in policy["Statement"] if not demands_tls(s)]
        if not policy["Statement"]:
            del template["Resources"][name]


def demands_tls(statement):
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    return statement["Effect"] == "Deny" and statement.get("Condition") == condition


def fail(message):
    sys.exit(message)


if __name__ == "__main__":
    main()
