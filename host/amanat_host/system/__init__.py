"""The host itself: its state, its drift from what is written, its file integrity baseline."""
