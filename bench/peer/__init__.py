"""The server that the bench compares with: Django, Django REST Framework and Pillow, plainly used.

It works as the published CoRE image API does: the image comes as base64 in JSON, is opened and
saved again with `optimize=True`, and lies in a BinaryField; no index beside the primary key.
"""
