"""The watching process: it hears every member's pulse, looks where something changed, and lets each vocabulary do by
itself what its policy allows.

One manager of a service leads, by a lease in the store; the others wait. What is done is done by the same plans and
under the same lock as the shell's commands.
"""
