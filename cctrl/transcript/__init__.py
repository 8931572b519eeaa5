"""Pasted sessions, made executable: parse, replay, match, update and record transcripts.

`format` describes the file; `match` the expected lines; `contract` what the caller hands in.
"""
