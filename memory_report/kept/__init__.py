"""The commands about reports that were kept: show, check, compare, baseline."""
