"""Programs that are launched in the runner's place; none is imported by the report."""
