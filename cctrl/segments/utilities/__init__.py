"""What gpstate and gprecoverseg have in common: options, log, tables, how a run begins and ends."""
