"""Bytes from and to clients, as plain Python values. Imports no Django."""
