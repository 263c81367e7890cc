"""Pure rules of testing: marking, sheets, authoring."""
