"""`ttGridAdmin`: its commands, how a line of it is read, and what they print (reference timesten.md, 2 and 4)."""
