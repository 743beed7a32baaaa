"""The laws that vectors are drawn from, one file each."""
