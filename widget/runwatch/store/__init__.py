"""The record: what is kept of every run, and the journal that its writers append to."""
