"""Tables and figures; everything here reads runs and nothing trains."""
