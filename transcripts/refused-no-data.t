# A lost data directory needs a full copy: recover refuses before it changes anything.
#@ policy: manual

%% wipe host3
[LOGICAL:EXPERT] /alpha > datasource host3 recover
ERROR: *host3* (glob)
...
xx
? 3
