"""What can go wrong before Timbre runs at all. Continues the tree of `chalicelib/errors.py`:

TimbreError
├── PackageError    a layer or function could not be built, or is too large for Lambda
└── DeployError     the stack could not be brought into the state that the template describes
    └── TakeBackError   nor could the version that served before be put back
"""

from __future__ import annotations

from chalicelib.errors import TimbreError


class PackageError(TimbreError):
    code = "package_error"


class DeployError(TimbreError):
    code = "deploy_error"


class TakeBackError(DeployError):
    code = "take_back_error"
