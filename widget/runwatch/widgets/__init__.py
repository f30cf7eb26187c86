"""The notebook front: `RunDetails`, with the name and calls of ``azureml.widgets``."""

from runwatch.widgets.run_details import RunDetails

__all__ = ["RunDetails"]
