"""Jobs: what is done once and found again, and where it is carried out."""
