"""The notebook front; ``runwatch.widgets`` stands for ``azureml.widgets``."""

from runwatch.widgets.run_details import RunDetails
from runwatch.widgets.run_table import RunTable

__all__ = ["RunDetails", "RunTable"]
