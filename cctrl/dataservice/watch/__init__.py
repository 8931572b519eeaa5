"""What the manager does for a dataservice: what it sees wrong, what it does about it, what it answers health checks."""
