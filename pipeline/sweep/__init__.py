"""The generator `ellipse` over a grid of its parameters: what is gained and lost as they vary."""
