"""PyYAML's loader."""

from __future__ import annotations

import yaml

YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's C loader if it was built with libyaml, because it is ten times faster."""
