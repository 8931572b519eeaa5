"""What stands between the clients and the servers: HAProxy and pgbouncer. Knows no vocabulary."""
