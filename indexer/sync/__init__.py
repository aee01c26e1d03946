"""What changed on the server, and how the catalog follows.

`changes` decides (values in, values out), `apply` writes one ChangeSet in one transaction, and
`account.sync_account` is the door: one pass over an account, newest first, resumable anywhere.
"""

import logging

# A library is silent until its user configures logging; commands show errors in their own words.
logging.getLogger("indexer").addHandler(logging.NullHandler())
