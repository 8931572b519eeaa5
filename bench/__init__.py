"""What cctrl costs, beside what the same costs without it. Not part of the tests, and not installed."""
