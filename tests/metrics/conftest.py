import pytest

pytest.importorskip("prometheus_client", reason="prometheus-client is not installed")
