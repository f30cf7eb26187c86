"""Looks for a good classifier of handwritten digits: each candidate is a child run.

Run it through runwatch (see quickstart.ipynb), or by itself: then it prints what it would log.
"""

from __future__ import annotations

import argparse
import itertools
import json
import warnings
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from runwatch import Run

RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)
WIDTHS = (16, 64)


def candidates(count: int) -> list[tuple[float, int]]:
    """Return learning rates and widths of the hidden layer."""
    return list(itertools.product(RATES, WIDTHS))[:count]


def main() -> None:
    """Train every candidate and keep the best."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=180)
    parser.add_argument("--candidates", type=int, default=len(RATES) * len(WIDTHS))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    threadpool_limits(1)  # such small matrices take longer by many threads

    digits = load_digits()
    x_train, x_val, y_train, y_val = train_test_split(
        digits.data, digits.target, test_size=0.3, random_state=0, stratify=digits.target
    )
    scaler = StandardScaler().fit(x_train)
    x_train, x_val = scaler.transform(x_train), scaler.transform(x_val)

    run = Run.get_context()
    best: dict[str, float] = {"accuracy": 0.0}
    for rate, width in candidates(arguments.candidates):
        with run.child_run(f"rate={rate:g} width={width}") as child:
            child.set_tags({"rate": f"{rate:g}", "width": str(width)})
            model = MLPClassifier((width,), learning_rate_init=rate, batch_size=32, random_state=0)
            for epoch in range(arguments.epochs):
                model.partial_fit(x_train, y_train, classes=digits.target_names)
                accuracy = float(model.score(x_val, y_val))
                child.log("loss", float(model.loss_), step=epoch)
                child.log(
                    "val_loss", float(log_loss(y_val, model.predict_proba(x_val))), step=epoch
                )
                child.log("accuracy", accuracy, step=epoch)
            print(f"rate {rate:<7g} width {width:<3d} accuracy {accuracy:.4f}")
            if accuracy > best["accuracy"]:
                best = {"accuracy": accuracy, "rate": rate, "width": width}
                child.tag("best so far")
            run.log("best accuracy", best["accuracy"])

    Path("outputs").mkdir(exist_ok=True)
    Path("outputs/best.json").write_text(json.dumps(best, indent=2), encoding="utf-8")
    print(f"Best: {best}")


if __name__ == "__main__":
    main()
