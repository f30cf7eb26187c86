"""Finding runs among many, and reading their metrics."""

from __future__ import annotations

from pathlib import Path

from benchmarks.figure import ROUNDS, Figure, median, run, shown_time

SIZES = (100_000, 1_000_000)
LOOKS = ("by tag", "by property", "newest 50")


def find(folder: Path) -> list[Figure]:
    """100 runs of 100,000, and of 1,000,000."""
    found: dict[int, dict[str, list[float]]] = {}
    for size in SIZES:
        where = folder / f"runs-{size}"
        run(where, "many_runs", size, where)
        said = [run(where, "find", where) for _ in range(ROUNDS)]
        found[size] = {name: [one[name] for one in said] for name in said[0]}
    small, large = (found[size] for size in SIZES)
    figures = []
    for name in LOOKS:
        first, second = median(small[name]), median(large[name])
        bare = median(small[f"bare {name}"])
        what = name if name == "newest 50" else f"100 {name}"
        figures.append(
            Figure(
                work=f"find {what} in {SIZES[0]:,} runs",
                measured=shown_time(first),
                beside=f"bare query: {shown_time(bare)}",
                ratio=f"{first / bare:.1f} x",
                reach="< 5 ms",
                reached=first < 5e-3,
                samples=small[name],
            )
        )
        figures.append(
            Figure(
                work=f"find {what} in {SIZES[1]:,} runs",
                measured=shown_time(second),
                beside=f"in {SIZES[0]:,}: {shown_time(first)}",
                ratio=f"{second / first:.2f} x",
                reach="< 2 x",
                reached=second < 2 * first,
                samples=large[name],
            )
        )
    return figures


def metrics(folder: Path) -> list[Figure]:
    """10 metrics of 100,000 points."""
    where = folder / "points"
    run(where, "many_points", 100_000, where)
    said = [run(where, "read", where) for _ in range(ROUNDS)]
    lists, arrays, fetched = ([one[place] for one in said] for place in range(3))
    bare = median(fetched)
    return [
        Figure(
            work=f"10 metrics of 100,000 points: {call}",
            measured=shown_time(median(samples)),
            beside=f"bare SQLite fetch: {shown_time(bare)}",
            ratio=f"{median(samples) / bare:.2f} x",
            reach=f"<= {reach} x",
            reached=median(samples) <= reach * bare,
            samples=samples,
        )
        for call, samples, reach in (
            ("get_metrics()", lists, 2),
            ("get_metric_arrays(name)", arrays, 1),
        )
    ]
