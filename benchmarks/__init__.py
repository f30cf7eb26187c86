"""Measurements: ``make bench``. Each figure stands beside its floor, taken in the same run."""
