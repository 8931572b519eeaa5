# What a datasource is for: a standby takes no clients, an archive never becomes the master.
#@ policy: maintenance

[LOGICAL:EXPERT] /alpha > datasource host2 archive
SETTING THE ROLE OF DATASOURCE 'host2@alpha' FROM 'slave' TO 'archive'

[LOGICAL:EXPERT] /alpha > switch to host2
ERROR: host2 cannot become the master: it is an archive; first: datasource host2 offline; datasource host2 slave; datasource host2 online
NEXT: datasource host2 offline; datasource host2 slave; datasource host2 online
? 3

[LOGICAL:EXPERT] /alpha > datasource host2 slave
ERROR: host2 is ONLINE: it must be OFFLINE, FAILED or SHUNNED to be set to be a slave
NEXT: datasource host2 offline
? 3

[LOGICAL:EXPERT] /alpha > datasource host2 offline; datasource host2 slave; datasource host2 online
DataSource 'host2' is now OFFLINE
SETTING THE ROLE OF DATASOURCE 'host2@alpha' FROM 'archive' TO 'slave'
NEXT: datasource host2 online
DataSource 'host2' is now ONLINE

[LOGICAL:EXPERT] /alpha > datasource host3 standby
SETTING THE ROLE OF DATASOURCE 'host3@alpha' FROM 'slave' TO 'standby'

[LOGICAL:EXPERT] /alpha > ls host3
+----------------------------------------------------------------------------+
|host3(standby:ONLINE, progress=[LSN], latency=[N])                          |
|STATUS [OK] [[TIME]]                                                        |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=standby, master=host1, state=ONLINE)                      |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=[N], active=[N])                                      |
+----------------------------------------------------------------------------+

[LOGICAL:EXPERT] /alpha > datasource host1 archive
ERROR: host1 is the master: it cannot be an archive
NEXT: switch
? 3
