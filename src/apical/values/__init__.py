"""Values: what configurations are made of, and how they are spelled, stored and compared."""
