"""`gpstate`: how the cluster is (reference greenplum.md, 5)."""
