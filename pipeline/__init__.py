"""What is computed: one folder per stage, the stage table, the planner and the configuration."""
