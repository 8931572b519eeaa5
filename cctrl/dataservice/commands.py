"""The table of the dataservice vocabulary's commands (reference tungsten.md, part 1)."""

from __future__ import annotations

from cctrl.dataservice.verbs import (
    admin,
    appoint,
    backup,
    cleanup,
    cluster,
    consistency,
    decide,
    events,
    move,
    physical,
    provision,
    recover,
    replicator,
    roles,
    routing,
    sessions,
    status,
    topology,
)
from cctrl.registry import Command, Danger

APPOINTING = """\
Refused while any datasource accepts writes, or lives where only others can reach it. All are ranked by how far their
logs go (of a stopped server the log itself is read), with what choosing each would lose. Refused without --force
where committed transactions would be lost; forced, the log that holds them is kept aside first. A former master that
nobody is ahead of is started as it was; any other one is promoted. What could start as a second master is fenced."""

COMMANDS: tuple[Command, ...] = (
    Command(
        "ls [HOST] [-l]",
        "show the service: policy, every datasource with role, state, progress and latency",
        status.ls,
        help="Looks at every host side by side; one that does not answer costs one --timeout, once.\n"
        "HOST shows one datasource, -l shows every property. For a datasource that is not well the next\n"
        "command to type stands below the boxes. DIMINISHED: it works, but not as it should (REASON says what: a\n"
        "replicator that stands still or is more than maximum_lag behind, a disk that is full).",
    ),
    Command(
        "recover",
        "bring every datasource that needs it back under the master",
        recover.recover_all,
        help="Needs a master that accepts writes. The members are worked on side by side; each takes the cheapest\n"
        "way that is right: follow and catch up, or rewind where its log went on after the fork. One that has\n"
        "transactions nobody else has is left alone and says so. Recovered datasources are OFFLINE until\n"
        "`datasource HOST online`. What was shunned by hand is left as it is.",
        danger=Danger.CHANGE,
        explain=recover.explain_all,
    ),
    *(
        Command(
            f"recover {words} HOST [--force]",
            "make a datasource the master where none is, and recover the others (expert level)",
            appoint.recover_using,
            help=f"{APPOINTING}\nThen every other datasource is recovered under it, as `recover` does.",
            danger=Danger.EXPERT,
            explain=appoint.explain,
        )
        for words in ("using", "master using")
    ),
    Command(
        "set master HOST [--force]",
        "make a datasource the master where none is (expert level)",
        appoint.set_master,
        help=f"{APPOINTING}\nAfterwards: recover.",
        danger=Danger.EXPERT,
        explain=appoint.explain,
    ),
    Command(
        "datasource HOST recover [--force] [--rewind]",
        "bring one datasource back under the master",
        recover.recover_one,
        help="Refused, with nothing changed, where the datasource has committed transactions that the master does\n"
        "not have: they are counted and listed. --force copies the log that holds them aside and goes on.\n"
        "Where its log went on after the fork it is rewound, or gets a full copy where that is quicker (below about\n"
        "700 MB) and there is room to keep the old data directory; --rewind never copies.\n"
        "An old master never accepts a write on the way. A rewind goes on by itself if cctrl is killed; the same\n"
        "command picks it up again.",
        danger=Danger.CHANGE,
        explain=recover.explain_one,
    ),
    Command(
        "datasource HOST backup [AGENT]",
        "back a datasource up, on its own host",
        backup.backup,
        help="AGENT: pg_basebackup (the default), or pgbackrest where it is installed on HOST. (barman backs servers\n"
        "up from a host of its own: give its command there.)\n"
        "The file that the URI names is in backup_dir of the configuration, else beside the data directory; it tells\n"
        "where the backup lies, of when and from which position it is. pg_basebackup's lies beside it, verified by\n"
        "its checksums. pgbackrest's lies in its repository; it works by its own configuration on HOST, which\n"
        "for a slave must name the master too, and the stanza is the one of HOST's database system.\n"
        "Others may switch or fail over meanwhile.",
        danger=Danger.CHANGE,
    ),
    Command(
        "datasource HOST restore [--force]",
        "make a slave of a datasource from the last backup on its host",
        backup.restore,
        help="Takes the newest backup made by `datasource HOST backup` from which it can follow the master; where\n"
        "there is none it is refused, and the next command is the full copy. pgbackrest's are taken unless the server\n"
        "has tablespaces. The old data directory is moved aside.\n"
        "--force as for tprovision. Afterwards it is OFFLINE until `datasource HOST online`.",
        danger=Danger.CHANGE,
        explain=backup.explain_restore,
    ),
    Command(
        "datasource HOST cleanup",
        "remove what was moved or kept aside on a datasource's host (expert level)",
        cleanup.cleanup,
        help="Old data directories, and logs that only this datasource had: listed with their sizes and dates, and\n"
        "removed for good when that is confirmed. Backups stay.",
        danger=Danger.EXPERT,
    ),
    *(
        Command(
            f"{word} HOST [--source HOST] [--max-rate RATE] [--force]",
            "make a slave of a datasource by a full copy",
            provision.provision,
            help="For a datasource that `recover` cannot bring back. It goes from host to host, from --source or\n"
            "the slave that is closest to the master, else the master; at most RATE bytes a second (32k to 1024M).\n"
            "The old data directory is moved aside when the copy is whole. Refused, with nothing changed, for the\n"
            "master, where there is no room, and without --force for a slave that streams, another database system,\n"
            "and one with transactions nobody else has. Broken off, the same command goes on with it.",
            danger=Danger.CHANGE,
            explain=provision.explain,
        )
        for word in ("tprovision", "tungsten_provision_slave")
    ),
    Command(
        "datasource HOST shun",
        "take a datasource out of service until it is welcomed or recovered",
        decide.shun,
        help="Replication goes on. A shunned datasource never becomes the master by switch or failover.\n"
        "Undo: datasource HOST welcome.",
        danger=Danger.CHANGE,
    ),
    Command(
        "datasource HOST welcome",
        "lift a shun that was set by hand",
        decide.welcome,
        help="Refused where the datasource does not do what its role demands: then recover it.",
        danger=Danger.CHANGE,
    ),
    Command(
        "datasource HOST online",
        "put an OFFLINE datasource into service",
        decide.online,
        help="Refused where it is SHUNNED or FAILED, or does not receive from the master: then recover it.\n"
        "Where no master works it is enough that its server is up.",
        danger=Danger.CHANGE,
    ),
    Command(
        "datasource HOST offline",
        "take a datasource out of service",
        decide.offline,
        help="It is no longer taken by switch, and by failover only where it is asked for or nobody in service\n"
        "is left. With policy AUTOMATIC the manager puts it ONLINE again; a shun stays. Undo: datasource HOST online.",
        danger=Danger.CHANGE,
    ),
    Command(
        "datasource HOST fail",
        "mark a datasource FAILED by hand (expert level)",
        decide.fail,
        help="Undo: datasource HOST recover.",
        danger=Danger.EXPERT,
    ),
    *roles.COMMANDS,
    *sessions.COMMANDS,
    *replicator.COMMANDS,
    Command(
        "switch [to HOST]",
        "move the master while it is well; nothing acknowledged is lost",
        move.switch,
        help="Without HOST the most advanced slave is taken. The old master is shut down cleanly, so that everything\n"
        "it wrote is on the new one before that accepts writes, and comes back as a slave. Where a step before the\n"
        "promotion fails, all is put back. Broken off, the same command finishes it.",
        danger=Danger.CHANGE,
        explain=move.explain_switch,
    ),
    Command(
        "failover [to HOST]",
        "make a slave the master after the master failed",
        move.failover,
        help="Refused while the master accepts writes, where slaves still receive from it, and for a slave that has\n"
        "not followed the last master onto its timeline. The most advanced slave is taken; one asked for by name\n"
        "first receives what it lacks. The old master is fenced before the promotion where its host answers; where it\n"
        "does not, the plan says `unfenced` and asks. What may be lost is said in numbers. A slave that is OFFLINE is\n"
        "taken where it is asked for by name, or where none in service is left.\n"
        "Afterwards: datasource OLDMASTER recover.",
        danger=Danger.CHANGE,
        explain=move.explain_failover,
    ),
    Command(
        "set policy automatic|manual|maintenance",
        "set the policy mode of the service",
        decide.set_policy,
        help="AUTOMATIC: failures are detected, fenced and recovered by the manager. MANUAL: detected and fenced\n"
        "only. MAINTENANCE: nothing is detected.",
        danger=Danger.CHANGE,
    ),
    Command(
        "show events [NUMBER] [--watch]",
        "what the manager saw and did, newest last",
        events.show_events,
        help="NUMBER of them, 20 where none is given; each with its time and age. --watch goes on until Ctrl-C.",
    ),
    Command(
        "set force true",
        "give every command of this session that knows it --force (expert level)",
        decide.set_force,
        help="Said again with every command that it forces. Ends with the session, or by `set force false`.",
        danger=Danger.EXPERT,
    ),
    Command("set force false", "end what `set force true` began", decide.set_force),
    *topology.COMMANDS,
    *cluster.COMMANDS,
    *consistency.COMMANDS,
    Command("members", "list the hosts of the service", status.members),
    Command("ping [HOST]", "which hosts answer over SSH", status.ping),
    *routing.COMMANDS,
    *physical.COMMANDS,
    *admin.COMMANDS,
)
"""Every command, in the order `help` lists them."""
