"""Quality of the generator `ellipse` over a grid of its parameters."""
