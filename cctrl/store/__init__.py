"""What cctrl remembers: intended state and the journal of operations.

`cctrl.store.sqlite.SqliteStore` is the store; it is not imported here because sqlite3 is not
needed to reach a prompt.
"""

from cctrl.store.identity import who
from cctrl.store.interface import Store
from cctrl.store.records import Event, Leader, MemberIntent, Operation, ServiceIntent

__all__ = ["Event", "Leader", "MemberIntent", "Operation", "ServiceIntent", "Store", "who"]
