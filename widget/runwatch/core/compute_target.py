"""Where scripts can run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from runwatch.exceptions import ComputeTargetException

if TYPE_CHECKING:
    from runwatch.core.workspace import Workspace

LOCAL = "local"


class ComputeTarget:
    """A place where scripts run: ``ComputeTarget(workspace, "local")`` is this machine.

    Raises
    ------
    ComputeTargetException
        There is no such target.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        if name != LOCAL:
            raise ComputeTargetException(
                f"There is no compute target {name!r} in the workspace {workspace.name!r}. "
                f"Available: {LOCAL!r}, which is this machine."
            )
        self.workspace = workspace
        self.name = name
        self.type = LOCAL

    def __repr__(self) -> str:
        """Return its name and type."""
        return f"ComputeTarget(workspace={self.workspace!r}, name={self.name}, type={self.type})"

    @staticmethod
    def create(*args: object, **kwargs: object) -> NoReturn:
        """Refuse: a cloud's machines can't be had.

        Raises
        ------
        ComputeTargetException
            Always.
        """
        raise ComputeTargetException(
            "No compute target can be made: runs are processes of this machine. Use "
            "compute_target='local'."
        )


class AmlCompute(ComputeTarget):
    """A cluster in a cloud, which is not available."""

    provisioning_configuration = staticmethod(ComputeTarget.create)


__all__ = ["AmlCompute", "ComputeTarget", "ComputeTargetException"]
