"""The notebook front; ``runwatch.widgets`` stands for ``azureml.widgets``."""

from runwatch.core import completion
from runwatch.widgets.run_details import RunDetails
from runwatch.widgets.run_table import RunTable
from runwatch.widgets.while_waiting import let_messages_through

completion.meanwhile.append(let_messages_through)

__all__ = ["RunDetails", "RunTable"]
