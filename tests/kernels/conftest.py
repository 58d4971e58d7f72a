"""Every test of kernels runs once for each kernel set that is installed."""
from __future__ import annotations

import importlib.util

import pytest

from stark.kernels import load
from stark.kernels.protocol import Kernels

WITHOUT_RUST = importlib.util.find_spec("longrun_native") is None
SETS = ["reference", pytest.param("native", marks=pytest.mark.skipif(WITHOUT_RUST, reason="longrun-native is not installed"))]


@pytest.fixture(scope="session", params=SETS[1:])
def other(request: pytest.FixtureRequest) -> Kernels:
    """A set that is not the definition."""
    return load(request.param, threads=2)


@pytest.fixture(scope="session", params=SETS)
def kernels(request: pytest.FixtureRequest) -> Kernels:
    return load(request.param, threads=2)
