#!/bin/sh
# .git/hooks/pre-commit, where pre-commit itself is not used
git diff --cached --name-only -z --diff-filter=ACMR -- '*.yaml' '*.yml' '*.py' |
  xargs -0 -r shapelint check --skip-unrecognised --force-exclude --with-dependents --
