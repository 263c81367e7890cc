"""Settings: ``base`` composes ``parts``; development, production and test refine it."""
