"""mailseek as background services: Celery tasks over Redis that keep many accounts fresh.

A message in a queue is a hint, the catalog is the truth: whatever Redis loses or repeats costs time,
never mail. The tasks hold no logic; they call `indexer.steps`, one task a step.
"""
