"""A program that fills an AWS emulator with the accounts of a company; no part of the daemon.

    cd proxyd/demo && python -m estate < spec.json > result.json

It imports nothing of proxyd, and botocore, which the emulator's own interpreter has. One JSON
object comes in on stdin:

    {"endpoint": "http://127.0.0.1:4566",    refused unless it is http to a loopback address
     "hub": "111111111111",                  gets the one user that may assume the roles
     "targets": [{"name": "production", "account": "222222222222", "external_id": "...",
                  "regions": ["eu-west-1", "us-east-1"], "role": "proxyd-read",
                  "policies": [{...}]}],     attached to the role as inline policies
     "canary": "kingfisher"}                 optional: becomes a part of every name, tag and text

and one goes out on stdout:

    {"access_key_id": "...", "secret_access_key": "...",     of the hub's user
     "resources": {"AWS::EC2::VPC": 5, ...},                 what was made, over everything
     "made": {"production": {"eu-west-1": {"AWS::EC2::VPC": 2, ...}, "global": {...}}}}

The same input makes the same estate: names, tags and numbers are the same each time, and only
what AWS would number (instance ids and the like) differs. Services add things of their own
(default VPCs, root volumes, main route tables), so a listing holds at least what `made` says.

Values that no listing should ever show (environment values, user data, secrets, passwords) all
hold the words in `company.CONFIDENTIAL`, for tests to look for.
"""
