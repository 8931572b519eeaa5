"""The active management instance: what the manager sees of a grid, decides and does (timesten.md, 3.5 and 5)."""
