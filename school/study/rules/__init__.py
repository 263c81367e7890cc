"""Pure rules of studying: the judge, completion, hours. No database, no clock, no settings."""
