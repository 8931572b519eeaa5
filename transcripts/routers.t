# Routers that are not configured cannot be steered; their configurations are printed for this service.
#@ policy: manual

[LOGICAL] /alpha > router * offline
ERROR: no router of alpha is configured
NEXT: add [dataservice.alpha.routers.NAME] with kind = 'haproxy' or 'pgbouncer' to *cctrl.toml (glob)
? 3
[LOGICAL] /alpha > router proxy1 offline
ERROR: unknown word 'proxy1' in 'router proxy1 offline'
DETAIL: router proxy1 offline
DETAIL:        ^^^^^^
DETAIL: expected here: *, template
DETAIL: usage: router ROUTER|* online|drain|offline
NEXT: help router
? 2
[LOGICAL] /alpha > router template haproxy
ERROR: HAProxy finds the primary by health checks, and check_port of alpha is 0: none are answered
NEXT: add check_port = 8008 to [dataservice.alpha], and start cctrl manager anew
? 3
[LOGICAL] /alpha > router template pgbouncer
...
[databases]
...
[pgbouncer]
...
