"""What is asked of reports that were kept: show, check, compare, baseline."""
