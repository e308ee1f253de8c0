"""The pages, one file for each concern; every function takes a visit."""
