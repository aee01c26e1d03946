"""Events of standing queries, posted to whoever subscribed.

`delivering` runs beside the application, in one process at a time; `targets` says where it may post
to, `signing` with which secret, `posting` posts once. What is an event is decided elsewhere
(`indexer.standing`).
"""
