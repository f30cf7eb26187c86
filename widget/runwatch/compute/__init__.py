"""Where a script runs: targets, the supervisor, and what ends processes."""
