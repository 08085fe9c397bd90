"""CodeArtifact, CodeBuild, CodeCommit, CodeDeploy, CodePipeline, Device Farm."""

from proxyd.plugin import Scanner

SCANNERS: tuple[Scanner, ...] = ()
