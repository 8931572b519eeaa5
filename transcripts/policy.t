# The policy mode is kept and shown.
#@ policy: automatic

[LOGICAL] /alpha > set policy maintenance
policy mode is now MAINTENANCE

[LOGICAL] /alpha > ls
COORDINATOR[none:MAINTENANCE:OFFLINE]
...

[LOGICAL] /alpha > set policy manual
policy mode is now MANUAL

[LOGICAL] /alpha > set policy automatic
policy mode is now AUTOMATIC

[LOGICAL] /alpha > set policy sometimes
ERROR: *sometimes* (glob)
...
? 2
