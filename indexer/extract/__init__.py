"""Bytes of a message → text for search. Pure functions; they never raise on hostile input.

Called by `sync` with header fields and decoded transfer units that `imap` fetched. What cannot be
read becomes a note on the document. Nothing here touches the network, a file or the catalog.
"""
