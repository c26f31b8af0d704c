"""The CoAP servers that the bench compares with: aiocoap's own Site, libcoap's example, node-coap.

Each serves the same representation at /collections and takes bodies in blocks at /sink.
"""
