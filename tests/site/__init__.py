"""The site of docs/site, as it was built."""
