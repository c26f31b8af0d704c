"""Unfinished uploads that outlive a restart, for both doors; services know no HTTP."""
