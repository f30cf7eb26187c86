"""Metrics that are files: images, confusion matrices and other JSON documents."""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runwatch.core import names
from runwatch.core.run_files import RunFiles
from runwatch.core.run_metrics import RunMetrics
from runwatch.exceptions import UserErrorException
from runwatch.store import run_files

if TYPE_CHECKING:
    from runwatch.core.model import Model

ARTIFACT_KIND = "artifact"
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"GIF87a": ".gif",
    b"GIF89a": ".gif",
    b"BM": ".bmp",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"<svg": ".svg",
}


@dataclass(frozen=True)
class Artifact:
    """The file of an image or JSON metric, as `get_metrics(populate=True)` returns it."""

    path: Path
    """Where the file is."""

    @property
    def data(self) -> bytes:
        """The file's content."""
        return self.path.read_bytes()

    def convert_to_object(self) -> Any:
        """Return a JSON document as Python objects, and any other file as its bytes."""
        return json.loads(self.data) if self.path.suffix == ".json" else self.data


class RunArtifacts(RunMetrics, RunFiles):
    """Metrics whose values are files of the run."""

    def log_image(
        self, name: str, path: str | None = None, plot: Any = None, description: str = ""
    ) -> None:
        """Log an image: a file, or a figure.

        Parameters
        ----------
        name
            The metric; logging it again adds an image.
        path
            A PNG, JPEG, GIF, BMP, TIFF or SVG file.
        plot
            Instead of `path`: a Matplotlib figure or `matplotlib.pyplot`, or a Plotly figure.

        Raises
        ------
        UserErrorException
            Neither or both were given, or it is no image.
        """
        names.metric_name(name)
        if (path is None) == (plot is None):
            raise UserErrorException(
                f"log_image needs either path or plot for {name!r}; got "
                f"{'neither' if path is None else 'both'}."
            )
        content, suffix = _figure(plot) if path is None else _image(path)
        self._log_file(name, "images", content, suffix)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Log a confusion matrix: a dict, or its JSON."""
        self._log_json(name, "confusion_matrix", value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Log an accuracy table: a dict, or its JSON."""
        self._log_json(name, "accuracy_table", value)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Log residuals: a dict, or its JSON."""
        self._log_json(name, "residuals", value)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Log predictions: a dict, or its JSON."""
        self._log_json(name, "predictions", value)

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, str | None] | None = None,
        properties: Mapping[str, str | None] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: object = None,
        sample_input_dataset: object = None,
        sample_output_dataset: object = None,
        resource_configuration: object = None,
        **kwargs: object,
    ) -> Model:
        """Keep a copy of files of the run as a new version of a model.

        Parameters
        ----------
        model_name
            The model's name; its version is one more than the newest there is.
        model_path
            A file of the run, or a folder of files; `model_name` if left out.
        tags, properties, description, model_framework, model_framework_version
            What is known of the model.
        datasets, sample_input_dataset, sample_output_dataset, resource_configuration, kwargs
            Accepted as in azureml; not kept.

        Raises
        ------
        ModelPathNotFoundException
            The run has no such file.
        UserErrorException
            The name won't do.
        """
        from runwatch.core import model

        return model.of_run(
            self._workspace,
            self._row().id,
            model_name,
            model_name if model_path is None else model_path,
            files=run_files.names(self._paths),
            tags=tags,
            properties=properties,
            description=description,
            framework=model_framework,
            framework_version=model_framework_version,
        )

    def _log_json(self, name: str, folder: str, value: Any) -> None:
        names.metric_name(name)
        if isinstance(value, str):
            try:
                json.loads(value)
            except ValueError as error:
                raise UserErrorException(
                    f"Invalid JSON provided for {name!r}: {error}.", error
                ) from error
            text = value
        elif isinstance(value, Mapping):
            try:
                text = json.dumps(value, default=_plain_array)
            except TypeError as error:
                raise UserErrorException(
                    f"{name!r} can't be written as JSON: {error}.", error
                ) from error
        else:
            raise UserErrorException(
                f"{name!r} needs a dict or a JSON string; got a {type(value).__name__}."
            )
        self._log_file(name, folder, text.encode(), ".json")

    def _log_file(self, name: str, folder: str, content: bytes, suffix: str) -> None:
        # The metric's name is data; of it only what is harmless goes into the file's name.
        stem = re.sub(r"[^\w-]+", "_", name)[:60]
        file = f"{folder}/{stem}-{uuid.uuid4().hex[:8]}{suffix}"
        run_files.add(self._paths, file, io.BytesIO(content))
        self._log_structure(name, ARTIFACT_KIND, file)

    def _artifact(self, run_id: str, file: str, *, populate: bool) -> Any:
        if populate:
            return Artifact(self._record.paths.run(run_id).files / file)
        return f"aml://artifactId/ExperimentRun/dcid.{run_id}/{file}"


def _image(path: str) -> tuple[bytes, str]:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserErrorException(
            f"The image {path} can't be read: {error.strerror}.", error
        ) from error
    for signature, suffix in _SIGNATURES.items():
        if content.lstrip()[: len(signature)] == signature or content.startswith(signature):
            return content, suffix
    if b"<svg" in content[:1000]:
        return content, ".svg"
    raise UserErrorException(
        f"Argument [{path}] is malformed: it is no PNG, JPEG, GIF, BMP, TIFF or SVG file."
    )


def _figure(plot: Any) -> tuple[bytes, str]:
    if hasattr(plot, "savefig"):
        stream = io.BytesIO()
        plot.savefig(stream, format="png")
        return stream.getvalue(), ".png"
    if hasattr(plot, "to_plotly_json"):
        return plot.to_json().encode(), ".plotly.json"
    raise UserErrorException(
        "Argument [plot] is of invalid type: a Matplotlib figure, matplotlib.pyplot or a Plotly "
        f"figure is needed; got a {type(plot).__name__}."
    )


def _plain_array(value: Any) -> Any:
    """Return NumPy's arrays and scalars as lists and numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no JSON value")
