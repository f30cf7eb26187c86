"""The import path that notebooks use for compute targets."""

from runwatch.core.compute_target import AmlCompute, ComputeTarget

__all__ = ["AmlCompute", "ComputeTarget"]
