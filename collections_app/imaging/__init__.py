"""Pure image code: bytes in, facts and bytes out. Imports no Django."""
