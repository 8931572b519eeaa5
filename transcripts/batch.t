# cctrl in scripts: one command, several, exit statuses, and no question without a terminal.
#@ policy: manual

$ cctrl -c 'set policy maintenance'
policy mode is now MAINTENANCE

% cctrl -expert -c 'set policy manual' -c 'datasource host2 shun' -c 'datasource host2 welcome'
policy mode is now MANUAL
DataSource 'host2' set to SHUNNED
DataSource 'host2' is now ONLINE

shell> cctrl -c 'datasorce host1 recover'
ERROR: *datasorce* (glob)
...
? 2

# Commands on standard input.
$ cctrl
< set policy automatic
policy mode is now AUTOMATIC

$ cctrl -c expert

WARNING: This is an expert-level command:
Incorrect use may cause data corruption
or make the cluster unavailable.

...
ERROR: expert must be confirmed, and nobody can be asked: nothing was changed
...
NEXT: give --yes to confirm beforehand
? 3
