"""The replication core: facts, diagnoses, plans and steps, with no vocabulary's words.

`facts`, `diagnosis`, `candidates`, `divergence`, `steps` and `plan` are pure; `engine` is what a database has to offer,
`postgresql/` offers it; `executor` runs a plan and yields `events`.
"""
