"""The configuration of a run: one YAML file, one section per stage."""
