"""Side-by-side runs against what a user would pick instead; `make bench` runs all of them.

Every figure of the table comes from one run on one machine: ratios are what to quote.
"""
