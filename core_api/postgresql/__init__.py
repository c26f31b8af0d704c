"""What is particular to PostgreSQL: the change feed's reader, races, and connections."""
