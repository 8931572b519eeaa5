"""`gprecoverseg`: failed segments are brought back, moved, and put into their roles (greenplum.md, 6 to 8)."""
