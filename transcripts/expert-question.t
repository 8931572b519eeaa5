# Expert-level commands ask at a LOGICAL prompt; without an answer, or with no, they are refused.

[LOGICAL] /alpha > expert

WARNING: This is an expert-level command:
Incorrect use may cause data corruption
or make the cluster unavailable.

Do you want to continue? (y/n)> n
ERROR: expert was not confirmed: nothing was changed
? 3

[LOGICAL] /alpha > expert

WARNING: This is an expert-level command:
Incorrect use may cause data corruption
or make the cluster unavailable.

Do you want to continue? (y/n)> maybe
Please answer y or n.
Do you want to continue? (y/n)> y
[LOGICAL:EXPERT] /alpha > 
[LOGICAL:EXPERT] /alpha > logical
[LOGICAL] /alpha >
