"""PostgreSQL 13 to 18 under the replication core: what is run on the hosts, and how its answers are read."""
