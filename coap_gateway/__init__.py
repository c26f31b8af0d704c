"""The CoAP door: translates CoAP to Django and back (RFC 7252, 7641, 7959, 8323)."""
