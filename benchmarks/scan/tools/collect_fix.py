"""Run Fix Inventory's collector of one account without its server; it runs in its environment.

It is what its worker calls. Usage metrics are off: they are calls that nobody else makes.
"""

# mypy: disable-error-code="import-not-found"

import json
import sys
from collections import Counter
from queue import Queue

from fix_plugin_aws.collector import AwsAccountCollector
from fix_plugin_aws.configuration import AwsConfig
from fix_plugin_aws.resource.base import AwsAccount
from fix_plugin_aws.resource.ec2 import AwsEc2Instance
from fixlib.baseresources import Cloud
from fixlib.config import Config
from fixlib.core.actions import CoreFeedback


def main() -> None:
    """Collect and print how many resources of which kind there are."""
    account, services, regions = (argument.split(",") for argument in sys.argv[1:])
    # The emulator does not tell the cores of an instance, and Fix takes no instance without.
    AwsEc2Instance.mapping.pop("instance_cores", None)
    wanted = [f"aws_{service}_*" for service in services]
    config = AwsConfig(collect=wanted, collect_usage_metrics=False)
    Config.running_config.data = {"aws": config}
    collector = AwsAccountCollector(
        config,
        Cloud(id="aws"),
        AwsAccount(id=account[0]),
        regions,
        CoreFeedback("benchmark", "collect", "collect", Queue()),
        {},
    )
    collector.collect()
    sys.stdout.write(json.dumps(Counter(node.kind for node in collector.graph.nodes)))


if __name__ == "__main__":
    main()
