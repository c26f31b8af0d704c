"""Cameras that the program plays: they draw pictures and post them over CoAP, through losses."""
