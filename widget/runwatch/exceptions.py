"""Every error that runwatch raises on purpose.

The tree, with the names that `azureml.exceptions` made familiar::

    RunwatchException (also spelled AzureMLException)
    ├── UserErrorException            a value that can't be taken
    ├── ExperimentExecutionException  a run that can't be started or followed
    ├── RunConfigurationException     a configuration that asks for what isn't here
    ├── WorkspaceException            the workspace can't be opened, read or written
    ├── ProjectSystemException        the project folder can't be used
    ├── SnapshotException             the source folder can't be copied
    ├── RunEnvironmentException       no submitted run around this process
    ├── ComputeTargetException        no such compute target
    ├── ModelNotFoundException        no such registered model
    ├── ModelPathNotFoundException    no such file to register as a model
    ├── ActivityFailedException       the run that was waited for has failed
    ├── ActivityCanceledException     the run was cancelled while the caller was logging to it
    └── ServiceException              the record refuses: unknown id, immutable property
"""

from __future__ import annotations


class RunwatchException(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    exception_message
        What was wrong, with the value, and what to do.
    inner_exception
        The error underneath, if there was one.
    """

    def __init__(
        self, exception_message: str = "", inner_exception: BaseException | None = None
    ) -> None:
        super().__init__(exception_message)
        self.message = exception_message
        self.inner_exception = inner_exception


AzureMLException = RunwatchException


class UserErrorException(RunwatchException):
    """A value given by the caller can't be taken."""


class ExperimentExecutionException(RunwatchException):
    """A run can't be started, or its output can't be followed."""


class RunConfigurationException(RunwatchException):
    """A run configuration asks for something that is not available."""


class WorkspaceException(RunwatchException):
    """The workspace can't be opened, read or written."""


class ProjectSystemException(RunwatchException):
    """The project folder can't be used."""


class SnapshotException(RunwatchException):
    """The source folder can't be copied for the run."""


class RunEnvironmentException(RunwatchException):
    """This process does not belong to a submitted run."""


class ComputeTargetException(RunwatchException):
    """There is no such compute target, or it can't run this."""


class ModelNotFoundException(RunwatchException):
    """There is no registered model of that name and version."""


class ModelPathNotFoundException(RunwatchException):
    """There is no such file to register as a model."""


class ActivityFailedException(RunwatchException):
    """The run that was waited for has failed."""


class ActivityCanceledException(RunwatchException):
    """The run was cancelled; raised by the next `log()` of the process that logs to it."""


class ServiceException(RunwatchException):
    """The record refuses the request.

    Parameters
    ----------
    exception_message
        What was refused, and what to do.
    status_code
        The HTTP status with the same meaning: 404 for an unknown id, 409 for a conflict.
    """

    def __init__(
        self,
        exception_message: str = "",
        inner_exception: BaseException | None = None,
        *,
        status_code: int = 400,
    ) -> None:
        super().__init__(exception_message, inner_exception)
        self.status_code = status_code
