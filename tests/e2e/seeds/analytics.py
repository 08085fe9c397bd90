"""Queries, clusters, dashboards and the data catalog: what a scan of them has to find."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.oracle import Account

from . import REGION, Made

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
TAGS = {"team": "analytics", "stage": "test"}
TAG_LIST = [{"Key": key, "Value": value} for key, value in TAGS.items()]


class Around:
    """What the resources of this domain use and others list."""

    def __init__(self, account: Account, name: str) -> None:
        self.account = account
        ec2, iam = account.client("ec2", REGION), account.client("iam", REGION)
        self.vpc = ec2.create_vpc(CidrBlock="10.6.0.0/16")["Vpc"]["VpcId"]
        self.subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.6.0.0/24")["Subnet"][
            "SubnetId"
        ]
        self.group = ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)[
            "GroupId"
        ]
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        self.role = role["Role"]["Arn"]
        key = self.client("kms").create_key(Description=name)
        self.key = key["KeyMetadata"]["Arn"]
        self.bucket = f"{name}-{account.account}"
        self.client("s3").create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )

    def client(self, service: str) -> Any:
        """Make a boto3 client for the region of the seeds."""
        return self.account.client(service, REGION)

    def arn(self, service: str, rest: str) -> str:
        """Write an ARN of the account in that region."""
        return f"arn:aws:{service}:{REGION}:{self.account.account}:{rest}"


def seed(account: Account) -> Made:
    """Make some of everything, with what it uses."""
    around = Around(account, "analytics")
    made: Made = {}
    for more in (_athena, _emr, _lake, _quicksight, _pipelines, _catalog, _jobs):
        made |= more(around)
    return made


def _athena(around: Around) -> Made:
    athena = around.client("athena")
    athena.create_work_group(
        Name="reports",
        Description="monthly",
        Configuration={
            "ResultConfiguration": {
                "OutputLocation": f"s3://{around.bucket}/reports/",
                "EncryptionConfiguration": {
                    "EncryptionOption": "SSE_KMS",
                    "KmsKey": around.key,
                },
            }
        },
        Tags=TAG_LIST,
    )
    function = around.arn("lambda", "function:catalog")
    athena.create_data_catalog(
        Name="orders", Type="LAMBDA", Description="orders", Parameters={"function": function}
    )
    return {
        # The first of them is in every account.
        "AWS::Athena::WorkGroup": {
            around.arn("athena", f"workgroup/{name}") for name in ("primary", "reports")
        },
        "AWS::Athena::DataCatalog": {around.arn("athena", "datacatalog/orders")},
    }


def _emr(around: Around) -> Made:
    clusters = [
        around.client("emr").run_job_flow(
            Name=name,
            ReleaseLabel="emr-7.0.0",
            LogUri=f"s3://{around.bucket}/logs/",
            Applications=[{"Name": "Spark"}],
            Instances={
                "MasterInstanceType": "m5.xlarge",
                "SlaveInstanceType": "m5.xlarge",
                "InstanceCount": 2,
                "Ec2SubnetId": around.subnet,
                "EmrManagedMasterSecurityGroup": around.group,
                "EmrManagedSlaveSecurityGroup": around.group,
                "KeepJobFlowAliveWhenNoSteps": True,
            },
            JobFlowRole="EMR_EC2_DefaultRole",
            ServiceRole="analytics",
            Tags=TAG_LIST,
            VisibleToAllUsers=True,
        )
        for name in ("nightly", "yesterday")
    ]
    # One that has ended is not there any more.
    around.client("emr").terminate_job_flows(JobFlowIds=[clusters[1]["JobFlowId"]])
    application = around.client("emr-serverless").create_application(
        name="events",
        releaseLabel="emr-7.0.0",
        type="SPARK",
        networkConfiguration={"subnetIds": [around.subnet], "securityGroupIds": [around.group]},
        tags=TAGS,
    )
    return {
        "AWS::EMR::Cluster": {clusters[0]["ClusterArn"]},
        "AWS::EMRServerless::Application": {application["arn"]},
    }


def _lake(around: Around) -> Made:
    lake = around.client("lakeformation")
    lake.register_resource(ResourceArn=f"arn:aws:s3:::{around.bucket}", RoleArn=around.role)
    lake.register_resource(ResourceArn=f"arn:aws:s3:::{around.bucket}/raw", RoleArn=around.role)
    lake.create_lf_tag(TagKey="confidential", TagValues=["yes", "no"])
    return {
        "AWS::LakeFormation::Resource": {
            around.arn("lakeformation", f"resource/{around.bucket}{folder}")
            for folder in ("", "/raw")
        },
        "AWS::LakeFormation::Tag": {around.arn("lakeformation", "tag/confidential")},
    }


def _quicksight(around: Around) -> Made:
    quicksight = around.client("quicksight")
    source = quicksight.create_data_source(
        AwsAccountId=around.account.account,
        DataSourceId="reports",
        Name="reports",
        Type="ATHENA",
        DataSourceParameters={"AthenaParameters": {"WorkGroup": "reports"}},
        Tags=TAG_LIST,
    )
    dashboard = quicksight.create_dashboard(
        AwsAccountId=around.account.account,
        DashboardId="sales",
        Name="Sales",
        SourceEntity={
            "SourceTemplate": {
                "Arn": around.arn("quicksight", "template/sales"),
                "DataSetReferences": [
                    {
                        "DataSetPlaceholder": "sales",
                        "DataSetArn": around.arn("quicksight", "dataset/sales"),
                    }
                ],
            }
        },
    )
    return {
        "AWS::QuickSight::DataSource": {source["Arn"]},
        "AWS::QuickSight::Dashboard": {dashboard["Arn"]},
    }


def _pipelines(around: Around) -> Made:
    made = around.client("datapipeline").create_pipeline(
        name="copy", uniqueId="copy", description="copies", tags=[{"key": "team", "value": "a"}]
    )
    return {
        "AWS::DataPipeline::Pipeline": {
            around.arn("datapipeline", f"pipeline/{made['pipelineId']}")
        }
    }


def _catalog(around: Around) -> Made:
    glue = around.client("glue")
    glue.create_database(DatabaseInput={"Name": "sales", "LocationUri": f"s3://{around.bucket}/"})
    glue.create_table(
        DatabaseName="sales",
        TableInput={
            "Name": "orders",
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": {
                "Columns": [{"Name": "id", "Type": "string"}],
                "Location": f"s3://{around.bucket}/orders/",
            },
            "PartitionKeys": [{"Name": "day", "Type": "date"}],
        },
    )
    glue.put_data_catalog_encryption_settings(
        DataCatalogEncryptionSettings={
            "EncryptionAtRest": {
                "CatalogEncryptionMode": "SSE-KMS",
                "SseAwsKmsKeyId": around.key,
            }
        }
    )
    glue.create_crawler(
        Name="orders",
        Role=around.role,
        DatabaseName="sales",
        Targets={"S3Targets": [{"Path": f"s3://{around.bucket}/orders/"}]},
        Tags=TAGS,
    )
    registry = glue.create_registry(RegistryName="events", Tags=TAGS)
    return {
        "AWS::Glue::Database": {around.arn("glue", "database/sales")},
        "AWS::Glue::Table": {around.arn("glue", "table/sales/orders")},
        "AWS::Glue::DataCatalogEncryptionSettings": {around.arn("glue", "catalog")},
        "AWS::Glue::Crawler": {around.arn("glue", "crawler/orders")},
        "AWS::Glue::Registry": {registry["RegistryArn"]},
    }


def _jobs(around: Around) -> Made:
    glue = around.client("glue")
    glue.create_security_configuration(
        Name="encrypted",
        EncryptionConfiguration={
            "S3Encryption": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": around.key}]
        },
    )
    glue.create_connection(
        ConnectionInput={
            "Name": "warehouse",
            "ConnectionType": "JDBC",
            "ConnectionProperties": {"USERNAME": "reader", "PASSWORD": "secret"},
            "PhysicalConnectionRequirements": {
                "SubnetId": around.subnet,
                "SecurityGroupIdList": [around.group],
            },
        }
    )
    glue.create_job(
        Name="load",
        Role=around.role,
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{around.bucket}/load.py"},
        Connections={"Connections": ["warehouse"]},
        SecurityConfiguration="encrypted",
        GlueVersion="4.0",
        Tags=TAGS,
    )
    glue.create_workflow(Name="nightly", Tags=TAGS)
    glue.create_trigger(
        Name="start",
        WorkflowName="nightly",
        Type="ON_DEMAND",
        Actions=[{"JobName": "load"}],
        Tags=TAGS,
    )
    glue.create_dev_endpoint(
        EndpointName="bench",
        RoleArn=around.role,
        SubnetId=around.subnet,
        SecurityGroupIds=[around.group],
    )
    transform = glue.create_ml_transform(
        Name="same",
        Role=around.role,
        InputRecordTables=[{"DatabaseName": "sales", "TableName": "orders"}],
        Parameters={"TransformType": "FIND_MATCHES"},
    )
    return {
        "AWS::Glue::SecurityConfiguration": {
            around.arn("glue", "security-configuration/encrypted")
        },
        "AWS::Glue::Connection": {around.arn("glue", "connection/warehouse")},
        "AWS::Glue::Job": {around.arn("glue", "job/load")},
        "AWS::Glue::Workflow": {around.arn("glue", "workflow/nightly")},
        "AWS::Glue::Trigger": {around.arn("glue", "trigger/start")},
        "AWS::Glue::DevEndpoint": {around.arn("glue", "devEndpoint/bench")},
        "AWS::Glue::MLTransform": {around.arn("glue", f"mlTransform/{transform['TransformId']}")},
    }
