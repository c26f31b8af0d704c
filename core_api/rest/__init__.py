"""HTTP's side of wire/, for both doors: bodies, queries, negotiation, conditions, problems."""
