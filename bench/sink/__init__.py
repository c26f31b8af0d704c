"""Our gateway over a view that stores nothing: what the transport of an upload costs by itself."""
