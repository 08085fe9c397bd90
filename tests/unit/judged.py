"""What other people's tools find wrong with a policy."""

from __future__ import annotations

import json
import warnings
from typing import Any

with warnings.catch_warnings():
    # Being imported, it leaves its own files open.
    warnings.simplefilter("ignore", ResourceWarning)
    from parliament import analyze_policy_string


def findings(policy: dict[str, Any]) -> set[str]:
    """Ask parliament, and its auditors of privileges and credentials."""
    text = json.dumps(policy)
    found = analyze_policy_string(text, include_community_auditors=True, config={}).findings
    return {finding.issue for finding in found}
