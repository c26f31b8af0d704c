"""An app with a task whose outputs tell which attempt has made them."""
