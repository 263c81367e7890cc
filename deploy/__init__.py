"""Setting the school up and running it on one machine: bootstrap, launcher, services."""
