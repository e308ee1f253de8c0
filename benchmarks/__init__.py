"""Timings of the roof against its own services in processes of their own.

`python -m benchmarks` runs all and prints one Markdown table with the bars beside
the figures; `python -m benchmarks.start` (echo, web, idle) runs one. Everything is
launched as the memory report launches it, on loopback, in interleaved pairs; only
ratios of the same run are compared. Nothing of this is a timed test.
"""
