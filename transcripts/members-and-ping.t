# Who belongs to the service, and who answers.
#@ policy: manual

[LOGICAL] /alpha > members
alpha/host1(ONLINE)/127.0.0.1:[PORT]
alpha/host2(ONLINE)/127.0.0.1:[PORT]
alpha/host3(ONLINE)/127.0.0.1:[PORT]

[LOGICAL] /alpha > ping
HOST host1/127.0.0.1: ALIVE
HOST host2/127.0.0.1: ALIVE
HOST host3/127.0.0.1: ALIVE

%% cut host3
[LOGICAL] /alpha > ping
HOST host1/127.0.0.1: ALIVE
HOST host2/127.0.0.1: ALIVE
HOST host3/127.0.0.1: NOT REACHABLE
host3: no answer within 5 s * (glob)
NEXT: ssh * true (glob)

%% heal host3
[LOGICAL] /alpha > ping host3
HOST host3/127.0.0.1: ALIVE
