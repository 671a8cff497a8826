"""Data sets of image files, in folders or in tar files that are read without unpacking them.

`trees` finds the files, `layouts` tells which are whose, `decoding` makes pixels of one, `framings`
cuts them to one size, and `rows` are many of them as an array that is decoded when it is read.
"""
