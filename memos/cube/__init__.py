"""MemCube, the unit of memory (paper section 4.2): a typed payload under descriptive, governance and behavioural
headers.
"""

from memos.cube.clock import FakeClock, RandomIds, SequentialIds, SystemClock
from memos.cube.cube import MemCube, new_cube
from memos.cube.errors import (
    AccessDenied,
    ChainBroken,
    CubeError,
    DuplicateCube,
    ForeignFile,
    FrozenCube,
    IllegalTransition,
    LicenceError,
    NotFound,
    RateLimited,
    VersionConflict,
)
from memos.cube.header import Behavioural, Descriptive, Governance, Grant, Source
from memos.cube.payload import ActivationPayload, ParametricPayload, Payload, PlaintextPayload
from memos.cube.versions import Version, verify_chain

__all__ = [
    "AccessDenied",
    "ActivationPayload",
    "Behavioural",
    "ChainBroken",
    "CubeError",
    "Descriptive",
    "DuplicateCube",
    "FakeClock",
    "ForeignFile",
    "FrozenCube",
    "Governance",
    "Grant",
    "IllegalTransition",
    "LicenceError",
    "MemCube",
    "NotFound",
    "ParametricPayload",
    "Payload",
    "PlaintextPayload",
    "RandomIds",
    "RateLimited",
    "SequentialIds",
    "Source",
    "SystemClock",
    "Version",
    "VersionConflict",
    "new_cube",
    "verify_chain",
]
