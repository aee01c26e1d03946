"""`mailseek demo`: a private IMAP server, a generated mailbox, and a walk through what mailseek does.

The servers and the mailbox are used by the tests and benchmarks as well.
"""
