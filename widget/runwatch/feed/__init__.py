"""What a view must know of a run: typed messages, and the watcher that sends them."""
