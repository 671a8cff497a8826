"""Where the bytes of a data set come from; each origin gives verified raw contents."""
