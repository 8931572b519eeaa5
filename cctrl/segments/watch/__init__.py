"""FTS: what the manager does for a segment cluster (reference greenplum.md, 3)."""
